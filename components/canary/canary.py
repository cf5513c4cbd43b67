"""Defines the canary's DAG: one task, which logs its host. Only workers have this file, outside of the folder of DAGs."""

import contextlib
import pathlib
import shutil
import socket
import time

from airflow.configuration import conf
from airflow_on_celery.canaries import ID

try:
    from airflow.sdk import DAG, BaseOperator
except ImportError:  # Airflow 2
    from airflow.models import DAG, BaseOperator

# Seconds for which a worker keeps the canary's logs on its disk.
LOG_SECONDS = 3600


def remove_old_logs():
    logs = pathlib.Path(conf.get("logging", "base_log_folder"), f"dag_id={ID}")
    for run in logs.iterdir() if logs.is_dir() else ():
        # Another worker of the machine may remove the folder at the same time.
        with contextlib.suppress(OSError):
            if run.stat().st_mtime < time.time() - LOG_SECONDS:
                shutil.rmtree(run)


class Canary(BaseOperator):
    def execute(self, context):
        self.log.info("canary %s ran on %s.", context["run_id"], socket.gethostname())
        remove_old_logs()


with DAG(ID, schedule=None, tags=["canary"]):
    Canary(task_id="canary", retries=0)
