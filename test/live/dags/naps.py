"""Tasks that only take time, so many at once as there are places: six for any worker, two for those of the queue gpu.

Besides, one of the queue gpu that waits in a triggerer.
"""

import os
import time
from datetime import timedelta

try:
    from airflow.sdk import BaseOperator, Param, dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.param import Param

PARAMS = {"seconds": Param(0, type="integer", minimum=0)}


@task
def nap(number, params: dict | None = None):
    time.sleep(params["seconds"])
    print(f"nap {number} on {os.uname().nodename}")


def naps(dag_id: str, count: int, queue: str):
    @dag(
        dag_id=dag_id,
        schedule=None,
        max_active_tasks=16,
        params=PARAMS,
    )
    def declare():
        for number in range(count):
            nap.override(task_id=f"nap_{number}", queue=queue)(number)

    declare()


naps("naps", 6, "default")
naps("gpu_naps", 2, "gpu")


class Wait(BaseOperator):
    def execute(self, context):
        from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=context["params"]["seconds"])), method_name="resume")

    def resume(self, context, event):
        print(f"resumed on {os.uname().nodename}")


@dag(dag_id="gpu_waits", schedule=None, params=PARAMS)
def waits():
    Wait(task_id="wait", queue="gpu")


waits()
