"""usage: start.py ARGUMENT...

Runs `airflow ARGUMENT...`, started with about 0.7 of the CPU time. Nothing depends on it: where an Airflow is built
differently, a step has no effect. As a module it prepares other programs that import Airflow.
"""

import gc
import os
import subprocess
import sys
from contextlib import contextmanager, nullcontext

# Headers for a receiver of spans, which OpenTelemetry reads from a variable alone.
if "OTLP_HEADERS_FILE" in os.environ:
    with open(os.environ["OTLP_HEADERS_FILE"]) as file:
        os.environ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = file.read().strip()

# Makes collections rare: a start makes a million objects that stay, and Python collects after every 700 new ones.
gc.set_threshold(50_000)


@contextmanager
def without(module):
    """Makes imports of a module fail, unless it is imported already."""
    hidden = sys.modules.setdefault(module) is None
    yield
    if hidden:
        del sys.modules[module]


@contextmanager
def with_libyaml():
    """Reads YAML with libyaml: Airflow reads its list of metrics with the parser that is written in Python."""
    import yaml

    slow = yaml.SafeLoader
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", slow)
    yield
    yaml.SafeLoader = slow


# To mask a secret, Airflow imports the task runner, a third of its start, and asks whether a task runs. Workers, which
# fork tasks, need it anyway.
runs_tasks = "worker" in sys.argv
with with_libyaml(), nullcontext() if runs_tasks else without("airflow.sdk.execution_time.task_runner"):
    import airflow  # noqa: F401

def remove_old():
    """Starts the program that removes old logs and records, where the stack delivers it."""
    program = "/opt/airflow/config/airflow_on_celery/retention.py"
    if os.path.exists(program):
        subprocess.Popen([sys.executable, "-I", "-S", program], start_new_session=True)


if __name__ == "__main__":
    remove_old()
    # Keeps DAGs from importing the files beside this one.
    del sys.path[0]
    from airflow.__main__ import main

    sys.argv[0] = "airflow"
    sys.exit(main())
