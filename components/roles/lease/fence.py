"""Kills tasks that the scheduler may soon count as dead, or whose supervisor has died, before it can start a second attempt.

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
from airflow_on_celery import clock
from airflow_on_celery.supervisor import REPORTS, kill, start_ticks, tree_of
from airflow_on_celery.timings import DEAD, FENCE

log = logging.getLogger(__name__)

# Part of Airflow's own timeout after which a task without heartbeats is killed, even with a fresh lease.
TOLERANCE = 0.8
# Seconds between two checks; short, since a worker may resume from a pause long after its tasks were given up.
INTERVAL = 0.5
# Seconds for `on_kill` of an operator.
TERM_SECONDS = 3


def process_of(report):
    """Returns the process of a report, the process id of its supervisor, and the time of its last accepted heartbeat.

    :raises psutil.NoSuchProcess: if the process has ended
    """
    born, supervisor, beat = os.readlink(report).split()
    process = psutil.Process(int(report.name))
    try:
        is_same = start_ticks(process.pid) == int(born)
    except (FileNotFoundError, ProcessLookupError):
        is_same = False
    if not is_same or process.status() == psutil.STATUS_ZOMBIE:
        raise psutil.NoSuchProcess(process.pid)
    return process, int(supervisor), float(beat)


def end(processes, at_once):
    """Kills processes with all their children: at once, or `TERM_SECONDS` after SIGTERM."""
    trees = [member for process in processes for member in tree_of(process)]
    if not at_once:
        for process in processes:
            process.terminate()
        psutil.wait_procs(processes, timeout=TERM_SECONDS)
    kill(trees)


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
        """Returns the seconds since the last heartbeat, or since a later renewal of the lease unless `tolerance` has passed.

        A renewal after a silence, such as the first one after a pause of the worker or of its machine, says nothing about the time before it.
        """
        age = clock.now() - beat
        return age if age > self.tolerance or beat < self.lease.resumed else min(age, self.lease.age())

    def check(self):
        REPORTS.mkdir(exist_ok=True)
        orphans, silent = [], {}
        for report in REPORTS.iterdir():
            if report.suffix:
                continue
            try:
                process, supervisor, beat = process_of(report)
                seconds = self.silence(beat)
                if process.ppid() != supervisor:
                    orphans.append(process)
                elif seconds > FENCE:
                    silent[process] = seconds
            except psutil.NoSuchProcess:
                report.unlink(missing_ok=True)
            except (OSError, ValueError):
                # A file of a task, which may use any folder here, or a note that was just removed.
                continue
        if orphans:
            log.error("Killing %d tasks whose supervisors have died: processes %s", len(orphans), [process.pid for process in orphans])
            with contextlib.suppress(psutil.NoSuchProcess):
                end(orphans, at_once=True)
        for at_once in (True, False):
            late = [process for process, seconds in silent.items() if (seconds > DEAD) is at_once]
            if late:
                pids = [process.pid for process in late]
                log.error("Killing %d tasks without contact to webserver and broker for %s s: processes %s", len(pids), FENCE, pids)
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(late, at_once)
