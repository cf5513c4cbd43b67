"""Uses code of its own in every way that a DAG may."""

import os
import socket

from airflow.sdk import BaseOperator, Connection, Variable, dag, task
from develop_plugin import GREETING
from shop.opening import Opening


class Wait(BaseOperator):
    def execute(self, context):
        self.defer(trigger=Opening(), method_name="opened")

    def opened(self, context, event):
        return event


@dag(schedule=None)
def develop():
    @task
    def look():
        shared = os.statvfs("/dev/shm")
        print(f"{GREETING} from {Variable.get('shop')}, {Connection.get('till').host}")
        return {
            "sharedMemory": shared.f_blocks * shared.f_frsize // 2**20,
            "host": socket.gethostname(),
        }

    @task.virtualenv(requirements=["humanize==4.9.0"], system_site_packages=False)
    def alone():
        import humanize

        return humanize.intcomma(12345)

    look() >> alone() >> Wait(task_id="wait")


develop()


@dag(schedule=None)
def develop_fails():
    @task(retries=0)
    def fail():
        raise ValueError("on purpose")

    fail()


develop_fails()
