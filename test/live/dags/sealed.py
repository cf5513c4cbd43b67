"""Tasks that need what is encrypted in the database, all the time."""

import time

from airflow.sdk import BaseHook, Param, Variable, dag, task


def read():
    assert BaseHook.get_connection("sealed").password == "opened-connection"
    assert Variable.get("sealed") == "opened-variable"


@task
def open_both(params: dict | None = None):
    end = time.monotonic() + params["seconds"]
    read()
    while time.monotonic() < end:
        time.sleep(0.25)
        read()


@dag(schedule=None, max_active_runs=100, params={"seconds": Param(0, type="integer", minimum=0)})
def sealed():
    open_both()


sealed()
