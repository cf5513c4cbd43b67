"""The DAG of the canary: one task, which says where it ran. Only workers have this file, and no DAG processor reads it."""

import contextlib
import pathlib
import shutil
import socket
import time

from airflow.configuration import conf

try:
    from airflow.sdk import DAG, BaseOperator
except ImportError:  # Airflow 2
    from airflow.models import DAG, BaseOperator

ID = "airflow_on_celery.canary"
# Seconds for which the logs of a proof stay on the machine of its worker.
LOGS = 3600


def remove_old_logs():
    logs = pathlib.Path(conf.get("logging", "base_log_folder"), f"dag_id={ID}")
    for run in logs.iterdir() if logs.is_dir() else ():
        # Other workers may remove the same folder.
        with contextlib.suppress(OSError):
            if run.stat().st_mtime < time.time() - LOGS:
                shutil.rmtree(run)


class Canary(BaseOperator):
    def execute(self, context):
        self.log.info("canary %s ran on %s.", context["run_id"], socket.gethostname())
        remove_old_logs()


with DAG(ID, schedule=None, tags=["canary"]):
    Canary(task_id="canary", retries=0)
