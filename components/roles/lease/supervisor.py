"""Makes the supervisors of tasks tell the fence of each heartbeat that the webserver took.

A heartbeat is one request, instead of many that are tried again: the next heartbeat is the next attempt, and meanwhile
the supervisor serves its task.
"""

import functools
import pathlib
import random
import time
from contextlib import contextmanager

import psutil
from airflow.sdk.api.client import Client, TaskInstanceOperations, _should_retry_api_request
from airflow.sdk.execution_time.supervisor import WatchedSubprocess
from airflow.utils.net import get_hostname
from airflow_on_celery.broker import GIVEN_UP, KEPT, client_of, start_of
from celery import current_app
from celery.exceptions import Reject

REPORTS = pathlib.Path("/dev/shm/tasks")
# Seconds that a task from the queue waits for the webserver.
PATIENCE = 45


def report(pid, beat):
    """Notes that the webserver knew the task of process `pid` at `beat`, in monotonic seconds."""
    fresh = REPORTS / f"{pid}.new"
    fresh.write_text(f"{psutil.Process(pid).create_time()} {beat}")
    fresh.rename(REPORTS / str(pid))


@contextmanager
def tried_once(client):
    client.request = functools.partial(Client.request.__wrapped__, client)
    try:
        yield
    finally:
        del client.request


def note_given_up(id, pid):
    """Tells the scheduler that a process has not begun its task, and never will: a start without an answer may be in the database."""
    with client_of(current_app) as client:
        client.hset(GIVEN_UP, str(id), start_of(get_hostname(), pid))
        client.expire(GIVEN_UP, KEPT)


def report_starts(start):
    """Gives a task back to the queue if the webserver does not answer its start: another worker may reach the webserver."""

    @functools.wraps(start)
    def reporting(self, id, pid, when):
        begun = time.monotonic()
        while True:
            report(pid, time.monotonic())
            try:
                with tried_once(self.client):
                    answer = start(self, id, pid, when)
            except Exception as error:
                if not _should_retry_api_request(error):
                    raise
                if time.monotonic() - begun > PATIENCE:
                    note_given_up(id, pid)
                    raise Reject(f"the webserver cannot be reached: {error}", requeue=True) from error
                time.sleep(random.uniform(1, 5))
            else:
                report(pid, time.monotonic())
                return answer

    return reporting


def report_heartbeats(heartbeat):
    @functools.wraps(heartbeat)
    def reporting(self, id, pid):
        begun = time.monotonic()
        with tried_once(self.client):
            heartbeat(self, id, pid)
        report(pid, begun)

    return reporting


def look_soon(service):
    """Ends the wait once the pipes of a task are closed: waiting for the next heartbeat would hold its place."""

    @functools.wraps(service)
    def looking(self, max_wait_time, *args, **kwargs):
        return service(self, max_wait_time if self._open_sockets else min(max_wait_time, 0.05), *args, **kwargs)

    return looking


def install():
    REPORTS.mkdir(exist_ok=True)
    TaskInstanceOperations.start = report_starts(TaskInstanceOperations.start)
    TaskInstanceOperations.heartbeat = report_heartbeats(TaskInstanceOperations.heartbeat)
    WatchedSubprocess._service_subprocess = look_soon(WatchedSubprocess._service_subprocess)
