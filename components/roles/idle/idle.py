"""Wakes the scheduler from its idle sleep as soon as there is work.

After a loop without work the scheduler sleeps, even if a task ends or a run is triggered meanwhile. A loop takes about 30 ms of CPU
time, reading some counts of rows less than 1 ms. So the sleep ends when a count differs from the counts that were read before the
loop, which includes changes during the loop. Runs have retries and time limits, which no count shows: while one is running, a sleep
lasts at most 1 s.
"""

import logging
import math
import time
import types
from contextlib import contextmanager

from airflow import settings
from airflow.configuration import conf
from airflow.jobs import scheduler_job_runner
from airflow.models.asset import AssetDagRunQueue
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import func, select

log = logging.getLogger(__name__)

# Seconds between two readings of the counts, and the shortest sleep.
INTERVAL = 0.1
# Longest sleep, in seconds, while a run is running; Airflow's default for every sleep.
LONGEST_BESIDE_RUNS = 1


def count(condition):
    return select(func.count()).where(condition).scalar_subquery()


COUNTS = select(
    count(TaskInstance.state.in_([TaskInstanceState.QUEUED, TaskInstanceState.RUNNING])),
    count(TaskInstance.state == TaskInstanceState.SCHEDULED),
    count(DagRun.state == DagRunState.QUEUED),
    # DAGs that are due, and assets that were updated.
    count(~DagModel.is_paused & DagModel.next_dagrun_create_after.op("<=")(func.now())),
    count(AssetDagRunQueue.target_dag_id.is_not(None)),
    select(DagRun.id).where(DagRun.state == DagRunState.RUNNING).exists(),
)


@contextmanager
def open_counts():
    """Yields a function that reads the counts, and whether a run is running, each time in a new transaction."""

    def read():
        *counts, are_runs_running = connection.execute(COUNTS).one()
        return counts, are_runs_running

    with settings.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield read


class Sleeper:
    """Sleeps until the counts change.

    :param open_counts: returns a context whose value is a function that reads the counts
    :param longest: longest sleep, in seconds: the scheduler sends its heartbeats between two sleeps
    """

    def __init__(self, open_counts=open_counts, longest=math.inf):
        self.open_counts = open_counts
        self.longest = longest
        self.counts = None

    def wake_soon(self):
        """Makes the next sleep short: a task that is being queued may end before the counts are read, and leave them unchanged."""
        self.counts = None

    def sleep(self, seconds):
        begun = time.monotonic()
        seconds = min(seconds, self.longest)
        short = min(seconds, LONGEST_BESIDE_RUNS)
        try:
            with self.open_counts() as read_counts:
                while True:
                    time.sleep(max(0, min(INTERVAL, begun + seconds - time.monotonic())))
                    previous = self.counts
                    self.counts, are_runs_running = read_counts()
                    longest = short if are_runs_running else seconds
                    if self.counts != previous or time.monotonic() >= begun + longest:
                        return
        except Exception as error:
            log.warning("Sleeping for the whole %.1f s, since reading the counts from the database failed: %s", short, error)
            time.sleep(max(0, begun + short - time.monotonic()))


def install():
    """Replaces `time.sleep` in the module of the scheduler's loop, and nowhere else.

    :return: the `Sleeper`
    """
    sleeper = Sleeper(longest=conf.getfloat("scheduler", "scheduler_heartbeat_sec"))
    clock = types.ModuleType("time")
    vars(clock).update(vars(time), sleep=sleeper.sleep)
    scheduler_job_runner.time = clock
    return sleeper
