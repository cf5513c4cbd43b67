"""Ends tasks that others may take for dead, before a second attempt of them can start.

A task is alive to the scheduler while the webserver hears its heartbeats, or the broker its worker's lease. Without
both, the scheduler gives it to another worker soon; without heartbeats alone, when Airflow's own timeout has passed.
"""

import contextlib
import logging
import threading
import time

import psutil
from airflow.configuration import conf
from airflow_on_celery.supervisor import REPORTS
from airflow_on_celery.timings import DEAD, FENCE

log = logging.getLogger(__name__)

# Share of Airflow's own timeout after which heartbeats alone decide.
TOLERANCE = 0.8
EVERY = 0.5
# Seconds that `on_kill` of an operator may take.
PATIENCE = 3


def process_of(report):
    """Returns the process of a report, and when the webserver last knew its task; None if that process is gone."""
    born, beat = map(float, report.read_text().split())
    process = psutil.Process(int(report.name))
    if process.create_time() != born or process.status() == psutil.STATUS_ZOMBIE:
        raise psutil.NoSuchProcess(process.pid)
    return process, beat


def end(processes, at_once):
    """Ends processes with all their children: at once, or after a time to clean up."""
    doomed = [one for process in processes for one in (process, *process.children(recursive=True))]
    if not at_once:
        for process in processes:
            process.terminate()
        psutil.wait_procs(processes, timeout=PATIENCE)
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


class Fence(threading.Thread):
    """Looks twice a second: a worker may wake up from a pause long after its tasks were given away."""

    def __init__(self, lease):
        super().__init__(name="fence", daemon=True)
        self.lease = lease
        self.tolerance = TOLERANCE * conf.getint("scheduler", "task_instance_heartbeat_timeout")

    def run(self):
        while True:
            time.sleep(EVERY)
            try:
                self.look()
            except Exception:
                log.exception("The fence could not look after the tasks")

    def silence(self, beat):
        """Returns the seconds of silence of a task, in terms of the bound that applies to it."""
        age = time.monotonic() - beat
        return age if age > self.tolerance else min(age, self.lease.age())

    def look(self):
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
                log.error("Ending tasks that were not heard of for %s s or longer: processes %s", FENCE, pids)
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(late, at_once)
