"""usage: start.py ARGUMENT...

Runs `airflow ARGUMENT...`, and starts Airflow in about 0.7 of the usual CPU time, with 15 to 30 MiB less memory for each role. Each
shortcut has no effect on an Airflow that is built differently. Other programs import this module before Airflow, for the same shortcuts.
"""

import atexit
import functools
import gc
import importlib
import importlib.util
import os
import select
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from types import ModuleType

# Reads the headers for the receiver of spans from a secret file: OpenTelemetry itself reads the variable only.
if "OTLP_HEADERS_FILE" in os.environ:
    with open(os.environ["OTLP_HEADERS_FILE"]) as file:
        os.environ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = file.read().strip()

# Makes garbage collections rare: a start creates a million lasting objects, and Python collects after every 700 new ones.
gc.set_threshold(50_000)
early_forks = iter(range(20))


def freeze_at_first():
    """Keeps collections from touching, and so copying, what forked processes share; at the first forks only, as it keeps garbage, too."""
    if next(early_forks, None) is not None:
        gc.freeze()


os.register_at_fork(before=freeze_at_first, after_in_child=gc.freeze)
# Spares the interpreter's last collections the objects of all modules: they take a third of a short command's CPU time.
atexit.register(gc.freeze)

# Workers fork tasks, and need what the import of a task would need.
runs_tasks = "worker" in sys.argv


@contextmanager
def hidden(*modules):
    """Makes imports of modules fail, unless they are imported already."""
    hidden_here = [module for module in modules if sys.modules.setdefault(module) is None]
    try:
        yield
    finally:
        for module in hidden_here:
            del sys.modules[module]


@contextmanager
def replaced(module):
    """Lets imports find this module instead of the real one, unless the real one is imported already."""
    is_replaced = sys.modules.setdefault(module.__name__, module) is module
    try:
        yield
    finally:
        if is_replaced:
            del sys.modules[module.__name__]


class Later(ModuleType):
    """A module that is imported at the first call of one of its functions. Classes of its user have no base class from it until then."""

    def __init__(self, name, user=None):
        super().__init__(name)
        self._user = user

    def __getattr__(self, name):
        if not name.startswith("__"):
            return Function(self, name)
        raise AttributeError(name)


class Function:
    """A function of a module that is imported later."""

    def __init__(self, module, name):
        self._module, self._name = module, name

    def __mro_entries__(self, bases):
        return ()

    def __call__(self, *args, **named):
        name, user = self._module.__name__, self._module._user
        if sys.modules.get(name) is self._module:
            del sys.modules[name]
        if user:
            # Runs the user's code anew, in the same namespace, so that its classes get their base classes.
            importlib.reload(user)
        return getattr(importlib.import_module(name), self._name)(*args, **named)


def later(name):
    """Returns a context for the import of a module that mostly never uses the module of this name."""
    return lambda user: replaced(Later(name, user))


@contextmanager
def without_cffi(util):
    """Lets a pool set the death signal of its processes with ctypes: for cffi, each process would compile C declarations."""
    with hidden("cffi"):
        yield
    # Taken if a module of the user's has imported cffi.
    util.cffi = Later("cffi")


def no_repl(_user):
    """Spares workers the library of a prompt, to which no worker has a terminal."""
    click_repl = ModuleType("click_repl")
    click_repl.register_repl = lambda group: None
    return replaced(click_repl)


@contextmanager
def quick_check(db):
    """Lets a role check the schema by one query, and import Alembic with all migrations only if the schema is another one."""
    yield
    check, revisions = getattr(db, "check_and_run_migrations", None), getattr(db, "_REVISION_HEADS_MAP", None)
    if not check or not revisions:
        return
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    def check_quickly():
        found = []
        with suppress(SQLAlchemyError), db.settings.engine.connect() as connection:
            found = list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
        if found != [list(revisions.values())[-1]]:
            check()

    db.check_and_run_migrations = check_quickly


class Thread(threading.Thread):
    """A thread in the place of a process, which begins again after an error: nobody would start the thread again."""

    def __init__(self, target, args=()):
        super().__init__(daemon=True)
        self.work = functools.partial(target, *args)

    def run(self):
        while True:
            try:
                return self.work()
            except Exception as error:
                print(f"{self.work.func.__name__} failed, and begins again: {error!r}", file=sys.stderr, flush=True)
                threading.Event().wait(1)

    def terminate(self):
        """Does nothing: the thread ends with its process."""


def serve_logs(listener):
    """Serves the logs of running tasks by Airflow's server, which is imported at the first request."""
    select.select([listener], [], [])
    import uvicorn
    from airflow.configuration import conf

    level = conf.get("logging", "uvicorn_logging_level", fallback="info").lower()
    app = "airflow.utils.serve_logs.log_server:get_app"
    uvicorn.Server(uvicorn.Config(app, log_level=level, log_config=None, access_log=False)).run(sockets=[listener])


def log_server(port=None):
    """Returns a thread that serves logs at a port; default: `[logging] worker_log_server_port`."""
    from airflow.configuration import conf

    del sys.modules["airflow.utils.serve_logs"]
    both = socket.has_dualstack_ipv6()
    address = ("", port or conf.getint("logging", "worker_log_server_port"))
    listener = socket.create_server(address, family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both)
    os.register_at_fork(after_in_child=listener.close)
    return Thread(serve_logs, (listener,))


def has_log_server():
    """Returns true if Airflow's log server is built as expected, without its import."""
    folders = getattr(importlib.util.find_spec("airflow.utils.serve_logs"), "submodule_search_locations", None) or []
    return importlib.machinery.PathFinder.find_spec("airflow.utils.serve_logs.log_server", folders) is not None


@contextmanager
def in_threads(command):
    """Lets threads of a worker or triggerer serve logs and remove old versions of DAGs; processes take 35 and 12 MiB for it."""
    yield
    if not hasattr(command, "Process"):
        return
    process, clean = command.Process, getattr(command, "_bundle_cleanup_main", None)
    logs = ModuleType("airflow.utils.serve_logs")
    logs.serve_logs = log_server
    if logs.__name__ not in sys.modules and has_log_server():
        sys.modules[logs.__name__] = logs

    def started(target, args=()):
        function = getattr(target, "func", target)
        if function is log_server:
            return target()
        return Thread(target, args) if function is clean else process(target=target, args=args)

    command.Process = started


class LateApi:
    """API in a DAG processor, for DAG files that ask for connections or variables: built at their first request, from a later module."""

    def __init__(self, module):
        self.module = module
        self.transport = self
        self.built = None

    def handle_request(self, request):
        self.built = self.built or Function(self.module, "InProcessExecutionAPI")().transport
        return self.built.handle_request(request)

    def close(self):
        """Does nothing: the API ends with its process."""


# Contexts for imports of modules: `hidden` where a module asks for a library, `later` where it takes one for given; roles add theirs.
contexts = {
    "airflow.sdk.definitions._internal.decorators": later("libcst"),
    "airflow.cli.commands.triggerer_command": in_threads,
    "airflow.utils.db": quick_check,
    "svcs": lambda _: hidden("aiohttp", "flask"),
    # For the program httpx, and for tracebacks of those who develop Airflow itself.
    "httpx": lambda _: hidden("pygments", "rich"),
    "structlog.dev": lambda _: nullcontext() if os.environ.get("DEV") else hidden("rich"),
}
if runs_tasks:
    contexts |= {
        "airflow.providers.celery.cli.celery_command": in_threads,
        "billiard.util": without_cffi,
        "celery.bin.amqp": no_repl,
        "celery.bin.celery": lambda _: hidden("flower.command", "pygments"),
    }
if "scheduler" in sys.argv:
    # Only a scheduler that runs tasks itself serves their logs.
    sys.modules["airflow.utils.serve_logs"] = Later("airflow.utils.serve_logs")
if "dag-processor" in sys.argv:
    api = Later("airflow.api_fastapi.execution_api.app")
    api.InProcessExecutionAPI = functools.partial(LateApi, api)
    sys.modules[api.__name__] = api


class Shortcuts:
    """Finder of the modules that have a context."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        context = contexts.pop(name, None)
        spec = context and importlib.util.find_spec(name)
        if not spec or not spec.loader:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            with context(module):
                execute(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Shortcuts)


@contextmanager
def with_libyaml():
    """Makes Airflow read its list of metrics with libyaml instead of PyYAML's slow parser in Python."""
    import yaml

    python_loader = yaml.SafeLoader
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", python_loader)
    yield
    yaml.SafeLoader = python_loader


# Hides the task runner, whose import takes a third of the start: Airflow imports it only to ask whether a task runs, before it masks
# a secret.
with with_libyaml(), nullcontext() if runs_tasks else hidden("airflow.sdk.execution_time.task_runner"):
    import airflow  # noqa: F401


if __name__ == "__main__":
    # Removes old logs and records, beside a role that has this program.
    retention = "/opt/airflow/config/airflow_on_celery/retention.py"
    if os.path.exists(retention):
        subprocess.Popen([sys.executable, "-I", "-S", retention], start_new_session=True)
    # Keeps DAGs from importing this file and its neighbours.
    del sys.path[0]
    from airflow.__main__ import main

    sys.argv[0] = "airflow"
    sys.exit(main())
