"""Kills tasks that the scheduler may soon count as dead, before it can start a second attempt.

The scheduler counts a task as alive while the webserver receives heartbeats of the task, or the broker has a fresh lease of the
worker. Without both, the scheduler gives up the task after `DEAD` s; without heartbeats alone, after Airflow's own timeout.
"""

import contextlib
import logging
import os
import threading
import time

import psutil
from airflow.configuration import conf
from airflow_on_celery.supervisor import REPORTS
from airflow_on_celery.timings import DEAD, FENCE

log = logging.getLogger(__name__)

# Part of Airflow's own timeout after which a task without heartbeats is killed, even with a fresh lease.
TOLERANCE = 0.8
# Seconds between two checks; short, since a worker may resume from a pause long after its tasks were given up.
INTERVAL = 0.5
# Seconds for `on_kill` of an operator.
TERM_SECONDS = 3


def process_of(report):
    """Returns the process of a report, and the monotonic time of its last accepted heartbeat.

    :raises psutil.NoSuchProcess: if the process has ended
    """
    born, beat = map(float, os.readlink(report).split())
    process = psutil.Process(int(report.name))
    if process.create_time() != born or process.status() == psutil.STATUS_ZOMBIE:
        raise psutil.NoSuchProcess(process.pid)
    return process, beat


def kill(processes, at_once):
    """Kills processes with all their children: at once, or `TERM_SECONDS` after SIGTERM."""
    trees = [member for process in processes for member in (process, *process.children(recursive=True))]
    if not at_once:
        for process in processes:
            process.terminate()
        psutil.wait_procs(processes, timeout=TERM_SECONDS)
    for process in trees:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


class Fence(threading.Thread):
    """Thread that checks the tasks of a worker."""

    def __init__(self, lease):
        super().__init__(name="fence", daemon=True)
        self.lease = lease
        self.tolerance = TOLERANCE * conf.getint("scheduler", "task_instance_heartbeat_timeout")

    def run(self):
        while True:
            time.sleep(INTERVAL)
            try:
                self.check()
            except Exception:
                log.exception("Checking tasks for lost contact failed; the next check is in %s s", INTERVAL)

    def silence(self, beat):
        """Returns the seconds since the last heartbeat, or since a later renewal of the lease unless `tolerance` has passed."""
        age = time.monotonic() - beat
        return age if age > self.tolerance else min(age, self.lease.age())

    def check(self):
        silent = {}
        for report in REPORTS.iterdir():
            if report.suffix:
                continue
            try:
                process, beat = process_of(report)
                seconds = self.silence(beat)
                if seconds > FENCE:
                    silent[process] = seconds
            except psutil.NoSuchProcess:
                report.unlink()
        for at_once in (True, False):
            late = [process for process, seconds in silent.items() if (seconds > DEAD) is at_once]
            if late:
                pids = [process.pid for process in late]
                log.error("Killing %d tasks without contact to webserver and broker for %s s: processes %s", len(pids), FENCE, pids)
                with contextlib.suppress(psutil.NoSuchProcess):
                    kill(late, at_once)
