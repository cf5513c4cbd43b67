"""Tasks that only take time, so many at once as there are places: six for any worker, two for those of the queue gpu."""

import os
import time

try:
    from airflow.sdk import Param, dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.models.param import Param


@task
def nap(number, params: dict | None = None):
    time.sleep(params["seconds"])
    print(f"nap {number} on {os.uname().nodename}")


def naps(dag_id: str, count: int, queue: str):
    @dag(
        dag_id=dag_id,
        schedule=None,
        max_active_tasks=16,
        params={"seconds": Param(0, type="integer", minimum=0)},
    )
    def declare():
        for number in range(count):
            nap.override(task_id=f"nap_{number}", queue=queue)(number)

    declare()


naps("naps", 6, "default")
naps("gpu_naps", 2, "gpu")
