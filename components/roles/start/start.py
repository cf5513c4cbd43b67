"""usage: start.py ARGUMENT...

Runs `airflow ARGUMENT...`, and starts Airflow in about 0.7 of the usual CPU time. Each shortcut has no effect on an Airflow that is
built differently. Other programs import this module before Airflow, for the same shortcuts.
"""

import atexit
import gc
import os
import subprocess
import sys
from contextlib import contextmanager, nullcontext

# Reads the headers for the receiver of spans from a secret file: OpenTelemetry itself reads the variable only.
if "OTLP_HEADERS_FILE" in os.environ:
    with open(os.environ["OTLP_HEADERS_FILE"]) as file:
        os.environ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = file.read().strip()

# Makes garbage collections rare: a start creates a million lasting objects, and Python collects after every 700 new ones.
gc.set_threshold(50_000)
# Spares the interpreter's last collections the objects of all modules: they take a third of a short command's CPU time.
atexit.register(gc.freeze)


@contextmanager
def hidden(module):
    """Makes imports of a module fail, unless it is imported already."""
    is_hidden = sys.modules.setdefault(module) is None
    yield
    if is_hidden:
        del sys.modules[module]


@contextmanager
def with_libyaml():
    """Makes Airflow read its list of metrics with libyaml instead of PyYAML's slow parser in Python."""
    import yaml

    python_loader = yaml.SafeLoader
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", python_loader)
    yield
    yaml.SafeLoader = python_loader


# Hides the task runner, whose import takes a third of the start: Airflow imports it only to ask whether a task runs, before it masks
# a secret. Workers fork tasks, and need the task runner.
runs_tasks = "worker" in sys.argv
with with_libyaml(), nullcontext() if runs_tasks else hidden("airflow.sdk.execution_time.task_runner"):
    import airflow  # noqa: F401


def start_retention():
    """Starts the program that removes old logs and records, if the role has it."""
    program = "/opt/airflow/config/airflow_on_celery/retention.py"
    if os.path.exists(program):
        subprocess.Popen([sys.executable, "-I", "-S", program], start_new_session=True)


if __name__ == "__main__":
    start_retention()
    # Keeps DAGs from importing this file and its neighbours.
    del sys.path[0]
    from airflow.__main__ import main

    sys.argv[0] = "airflow"
    sys.exit(main())
