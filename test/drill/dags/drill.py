"""The workload of the drill: chains, fans, long tasks, sensors that reschedule, tasks that defer, a try that fails, and a mapped task."""

import json
import time
from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator, dag, task
from airflow.sdk.bases.sensor import BaseSensorOperator
from drill_ledger import execution

workload = json.loads((Path(__file__).parent / "drill_workload.json").read_text())

# A schedule may kill the same task more than once: charged attempts are the checker's affair, not the end of a task.
defaults = {"retries": 8, "retry_delay": timedelta(seconds=1)}


@task
def work(seconds, **context):
    with execution(context):
        time.sleep(seconds)


@task
def fails_once(**context):
    with execution(context) as note:
        time.sleep(1)
        if context["ti"].try_number == 1:
            note.ends = "planned"
    if note.ends == "planned":
        raise RuntimeError("The first try fails on purpose.")


class Elapsed(BaseSensorOperator):
    """Waits until the run is so old, and leaves its place to others meanwhile."""

    def poke(self, context):
        with execution(context) as note:
            time.sleep(0.3)
            age = time.time() - context["dag_run"].start_date.timestamp()
            if age < workload["sensorSeconds"]:
                note.ends = "rescheduled"
        return note.ends == "done"


class Deferring(BaseOperator):
    """Waits in the triggerer between two executions on a worker."""

    def execute(self, context):
        with execution(context, ends="deferred"):
            time.sleep(0.5)
        wait = timedelta(seconds=workload["deferredSeconds"])
        self.defer(trigger=TimeDeltaTrigger(wait), method_name="resume")

    def resume(self, context, event=None):
        with execution(context):
            time.sleep(0.5)


def chain(tasks):
    for one, next_one in zip(tasks, tasks[1:]):
        one >> next_one


@dag(dag_id="drill", schedule=None, max_active_tasks=64, default_args=defaults)
def shapes():
    for number in range(workload["chains"]):
        links = range(workload["links"])
        chain([work.override(task_id=f"chain_{number}_{link}")(workload["linkSeconds"]) for link in links])
    waves = [
        [work.override(task_id=f"fan_{wave}_{at}")(workload["fanSeconds"]) for at in range(workload["width"])]
        for wave in range(workload["waves"])
    ]
    for one, next_one in zip(waves, waves[1:]):
        for later in next_one:
            one >> later
    # Long enough to be running still when a worker that was cut off is given up, and its tasks run elsewhere.
    for number in range(workload["long"]):
        work.override(task_id=f"long_{number}")(workload["longSeconds"])
    for number in range(workload["sensors"]):
        Elapsed(task_id=f"sensor_{number}", mode="reschedule", poke_interval=workload["pokeSeconds"], timeout=3600)
    chain([Deferring(task_id=f"deferred_{number}") for number in range(workload["deferred"])])
    for number in range(workload["retried"]):
        fails_once.override(task_id=f"retried_{number}")()


@dag(dag_id="drill_mapped", schedule=None, max_active_tasks=64, default_args=defaults)
def mapped():
    @task
    def noop(number, **context):
        with execution(context):
            pass

    noop.expand(number=list(range(workload["mapped"])))


shapes()
mapped()
