"""usage: inside.py COMMAND [ARGUMENT...]

Runs in a container with Airflow's image: `check [FILE...]`, `test DAG [TASK]` and `pytest [ARGUMENT...]`, over a metadata
database of its own, in memory, so that no scheduler sees it. Standard input is JSON with the connections and variables of
the stack, which that database gets.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import time

DAGS = pathlib.Path("/opt/airflow/dags")
DATABASE = "/dev/shm/develop.db"


def prepare(stack):
    """Makes the database."""
    from airflow import settings
    from airflow.models import Connection, Variable
    from airflow.utils.db import initdb

    initdb()
    session = settings.Session()
    for connection in stack.get("connections", []):
        session.add(Connection(**connection))
    for key, value in stack.get("variables", {}).items():
        session.add(Variable(key=key, val=value))
    session.commit()
    session.close()


def dag_bag(path):
    try:
        from airflow.dag_processing.dagbag import BundleDagBag
    except ImportError:
        from airflow.models import DagBag

        return DagBag(str(path), include_examples=False)
    return BundleDagBag(str(path), bundle_path=DAGS, bundle_name="dags-folder")


def place(path, error):
    """The last line of the file itself that a traceback names, otherwise the file."""
    name = re.escape(path.name)
    lines = re.findall(rf'File "[^"]*{name}", line (\d+)|\({name}, line (\d+)\)', error)
    return f"{path.relative_to(DAGS)}:{next(filter(None, lines[-1]))}" if lines else str(path.relative_to(DAGS))


def files(given):
    if given:
        return [DAGS / name for name in given]
    from airflow.utils.file import list_py_file_paths

    return sorted(map(pathlib.Path, list_py_file_paths(str(DAGS), safe_mode=True)))


def check(given):
    """Reads each file alone, as the DAG processor does; prints seconds and DAGs, and each error with its place."""
    faults = []
    owners = {}
    for path in files(given):
        begin = time.monotonic()
        bag = dag_bag(path)
        seconds = time.monotonic() - begin
        ids = sorted(bag.dags)
        print(f"{seconds:6.2f} s  {path.relative_to(DAGS)}: {', '.join(ids) or 'no DAG'}", flush=True)
        for error in bag.import_errors.values():
            faults.append(f"{place(path, error)}: {error.strip().splitlines()[-1]}")
        for dag in ids:
            other = owners.setdefault(dag, path)
            if other != path:
                faults.append(f"{path.relative_to(DAGS)}: the DAG {dag} is in {other.relative_to(DAGS)}, too")
    if faults:
        print("\n".join(faults), flush=True)
    return 1 if faults or outdated(given) else 0


def outdated(given):
    """Prints what ruff says of a file's use of Airflow; true if this Airflow lacks it."""
    import airflow

    ruff = ["ruff", "check", "--no-cache", "--isolated", "--select", "AIR", "--output-format", "concise", "--quiet"]
    findings = subprocess.run([*ruff, *(given or ["."])], cwd=DAGS, stdout=subprocess.PIPE, text=True).stdout
    print(findings, end="", flush=True)
    # AIR31 is of what still works.
    return not airflow.__version__.startswith("2.") and re.search(r": AIR(?!31)", findings)


def airflow(*arguments):
    from airflow.__main__ import main

    sys.argv = ["airflow", *arguments]
    return main()


def test(dag, task=None):
    if task is None:
        return airflow("dags", "test", dag)
    from airflow.cli.commands import task_command

    states = []
    run = getattr(task_command, "_run_task", None)

    def run_and_note(ti, **options):
        result = run(ti=ti, **options)
        states.append(ti.state)
        return result

    # Airflow 3 ends with 0, however the task ended; Airflow 2 raises the task's error.
    if run:
        task_command._run_task = run_and_note
    airflow("tasks", "test", dag, task)
    return int("failed" in states)


def pytest(arguments):
    import pytest

    os.chdir("/opt/airflow")
    return pytest.main(["-p", "no:cacheprovider", *arguments])


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    # Before anything of Airflow is imported, which reads them.
    os.environ |= {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{DATABASE}",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW_CONFIG": "/dev/shm/airflow.cfg",
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
    }
    if command == "check":
        os.environ |= {"AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL", "PYTHONWARNINGS": "ignore"}
    sys.path[0] = str(DAGS)
    prepare(json.load(sys.stdin))
    commands = {"check": check, "pytest": pytest, "test": lambda words: test(*words)}
    sys.exit(commands[command](arguments))
