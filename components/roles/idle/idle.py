"""Wakes the scheduler from its idle sleep as soon as there is work, and lets it pause while workers have enough.

After a loop without work the scheduler sleeps, even if a task ends or a run is triggered meanwhile. A loop takes about 30 ms of CPU
time, reading some counts of rows less than 1 ms. So the sleep ends when a count differs from the counts that were read before the
loop, which includes changes during the loop. Runs have retries and time limits, which no count shows: while one is running, a sleep
lasts at most 1 s.

A loop with work is followed by the next at once, for one or two tasks that have ended meanwhile, and reads all tasks of their run. While
more tasks wait in the broker, none can start sooner by that, so a pause of twice the loop's time lets several end.
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
# Number of tasks in the broker that let the scheduler pause; the pause, in times of the loop before it; the longest one, in seconds.
WAITING, PAUSE, LONGEST_PAUSE = 8, 2, 0.5


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
QUEUED = select(count(TaskInstance.state == TaskInstanceState.QUEUED))


@contextmanager
def connected(read):
    """Yields a function that calls `read` with a connection to the database, each time in a new transaction."""
    with settings.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield lambda: read(connection)


def open_counts():
    """Returns a context whose value is a function that reads the counts, and whether a run is running."""

    def read(connection):
        *counts, are_runs_running = connection.execute(COUNTS).one()
        return counts, are_runs_running

    return connected(read)


def open_queued():
    """Returns a context whose value is a function that reads the number of tasks that wait for a worker."""
    return connected(lambda connection: connection.execute(QUEUED).scalar())


class Sleeper:
    """Sleeps until the counts change, and pauses while tasks wait.

    :param open_counts: returns a context whose value is a function that reads the counts
    :param longest: longest sleep, in seconds: the scheduler sends its heartbeats between two sleeps
    :param open_queued: returns a context whose value is a function that reads the number of waiting tasks
    """

    def __init__(self, open_counts=open_counts, longest=math.inf, open_queued=open_queued):
        self.open_counts = open_counts
        self.longest = longest
        self.open_queued = open_queued
        self.counts = None
        # Monotonic time at which the last sleep or pause ended.
        self.resumed = time.monotonic()

    def wake_soon(self):
        """Makes the next sleep short: a task that is being queued may end before the counts are read, and leave them unchanged."""
        self.counts = None

    def pause(self, sent):
        """Pauses, in the middle of a loop, while `WAITING` tasks wait for a worker.

        :param sent: number of tasks that were sent to workers and have not ended
        """
        begun = time.monotonic()
        end = begun + min(PAUSE * (begun - self.resumed), LONGEST_PAUSE)
        if sent >= WAITING:
            try:
                with self.open_queued() as read_queued:
                    while time.monotonic() < end and read_queued() >= WAITING:
                        time.sleep(max(0, min(INTERVAL, end - time.monotonic())))
            except Exception as error:
                log.warning("Going on without a pause, since reading the number of waiting tasks failed: %s", error)
        self.resumed = time.monotonic()

    def sleep(self, seconds):
        try:
            self.sleep_until_change(seconds)
        finally:
            self.resumed = time.monotonic()

    def sleep_until_change(self, seconds):
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
