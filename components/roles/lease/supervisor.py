"""Makes task supervisors report each heartbeat that the webserver accepted to the fence, by a link per process.

A heartbeat is one request without retries, so that the supervisor goes on serving its task: the next heartbeat is the retry. The first
one is due an interval after the start, which the webserver notes as a heartbeat.

A start and other requests are also tried again if their token is refused: the scheduler or a webserver gives a task its token, and in the
middle of a rotation those webservers that are not replaced yet do not know the new key.
"""

import base64
import contextlib
import functools
import json
import os
import pathlib
import random
import socket
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import psutil
from airflow.sdk.api import client as api
from airflow.sdk.api.client import Client, TaskInstanceOperations, _should_retry_api_request
from airflow.sdk.execution_time.supervisor import ActivitySubprocess, WatchedSubprocess
from airflow_on_celery import clock
from airflow_on_celery.broker import GIVEN_UP, GIVEN_UP_EXPIRY, client_of, start_of
from celery import current_app, current_task
from celery.exceptions import Ignore, Reject
from tenacity import retry_if_exception

REPORTS = pathlib.Path("/dev/shm/tasks")
# Seconds for which a supervisor asks the webserver to start a task.
START_TIMEOUT = 45


def start_ticks(pid):
    """Returns the ticks at the start of a process, which tell it from an earlier one with its id even if the clock is changed."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])


def report(pid, beat):
    """Notes that the webserver last knew the task of process `pid`, whose supervisor this process is, at `beat`, by the module `clock`.

    The note is the target of a symbolic link: it needs no space, which a task may have used up. A task may have removed the folder, too.
    """
    REPORTS.mkdir(exist_ok=True)
    fresh = REPORTS / f"{pid}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(f"{start_ticks(pid)} {os.getpid()} {beat}")
    fresh.rename(REPORTS / str(pid))


def tree_of(process):
    """Returns a process with all its children."""
    return [process, *process.children(recursive=True)]


def kill(processes):
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def without_retries(client):
    client.request = functools.partial(Client.request.__wrapped__, client)
    try:
        yield
    finally:
        del client.request


def has_expired(error):
    """True if the token of a refused request has expired, as that of a message which has waited for longer: nothing will accept it.

    Goes by the webserver's clock: this machine's may be late after a pause.
    """
    payload = error.request.headers["authorization"].split(".")[1]
    date = error.response.headers.get("date")
    now = parsedate_to_datetime(date).timestamp() if date else time.time()
    return json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"] < now


def is_about_token(error):
    """True for a webserver's answer that a token is invalid, whatever the reason."""
    return getattr(getattr(error, "response", None), "status_code", None) == 403 and str(error) == "Invalid auth token"


def is_refused_token(error):
    """True for a webserver's answer that a token is invalid although it is in time: the webserver does not know its key."""
    return is_about_token(error) and not has_expired(error)


def is_second_message():
    """True if the message was in the queue again, as it is when its visibility timeout has ended, whether or not its task runs."""
    return bool(current_task and (current_task.request.delivery_info or {}).get("redelivered"))


def retry_refused_tokens(retrying):
    retrying.retry = retrying.retry | retry_if_exception(is_refused_token)


def record_given_up(id, pid):
    """Tells the scheduler that a process will never run its task, which the webserver may have marked as running without an answer."""
    with client_of(current_app) as client:
        client.hset(GIVEN_UP, str(id), start_of(api.getuser(), pid))
        client.expire(GIVEN_UP, GIVEN_UP_EXPIRY)


def report_starts(start):
    """Returns a task to the queue if the webserver does not answer its start, since another worker may reach the webserver.

    A start whose token is refused for the same time fails: the scheduler gives the task a new token. A second message whose token has
    expired is dropped: its failure would end the task, which may be running. If it is not, the scheduler misses its message.
    """

    @functools.wraps(start)
    def reporting(self, id, pid, when):
        started = time.monotonic()
        while True:
            # The time before the request: its answer may be read after a pause, in which the scheduler has given up the task.
            report(pid, clock.now())
            try:
                with without_retries(self.client):
                    return start(self, id, pid, when)
            except Exception as error:
                if is_about_token(error) and has_expired(error) and is_second_message():
                    raise Ignore from error
                is_refused = is_refused_token(error)
                if not (is_refused or _should_retry_api_request(error)):
                    raise
                if time.monotonic() - started > START_TIMEOUT:
                    if is_refused:
                        raise
                    record_given_up(id, pid)
                    raise Reject(f"the webserver has not answered for {START_TIMEOUT} s: {error}", requeue=True) from error
                time.sleep(random.uniform(1, 5))

    return reporting


def count_start(start):
    """Counts a start as a heartbeat; Airflow sends one right after it, a fifth of a short task's requests."""

    @functools.wraps(start)
    def starting(self, **named):
        start(self, **named)
        self._last_heartbeat_attempt = time.monotonic()

    return starting


def report_heartbeats(heartbeat):
    """Reports accepted heartbeats, and ends a task whose token has expired, as after a pause of its machine: Airflow would try for long."""

    @functools.wraps(heartbeat)
    def reporting(self, id, pid):
        started = clock.now()
        try:
            with without_retries(self.client):
                heartbeat(self, id, pid)
        except Exception as error:
            if is_about_token(error) and has_expired(error):
                error.response.status_code = HTTPStatus.GONE
            raise
        report(pid, started)

    return reporting


def return_soon(service):
    """Shortens the wait once a task has closed its pipes: its place would stay busy until the next heartbeat."""

    @functools.wraps(service)
    def returning(self, max_wait_time, *args, **kwargs):
        return service(self, max_wait_time if self._open_sockets else min(max_wait_time, 0.05), *args, **kwargs)

    return returning


def end_with_supervisor(wait):
    """Ends a task whose supervisor fails, which Airflow would leave running: the scheduler starts the next attempt at once."""

    @functools.wraps(wait)
    def waiting(self):
        try:
            return wait(self)
        except BaseException:
            with contextlib.suppress(psutil.Error):
                kill(tree_of(psutil.Process(self.pid)))
            raise

    return waiting


def name_instance(user):
    """Adds the instance to the name of the user that starts a task.

    Workers of a group on one machine have one host name for the webserver, and the ids of their processes are alike. The webserver would
    take a second start elsewhere for the first, repeated.
    """

    @functools.wraps(user)
    def naming():
        return f"{user()}@{socket.gethostname()}"

    return naming


def install():
    api.getuser = name_instance(api.getuser)
    retry_refused_tokens(Client.request.retry)
    TaskInstanceOperations.start = report_starts(TaskInstanceOperations.start)
    TaskInstanceOperations.heartbeat = report_heartbeats(TaskInstanceOperations.heartbeat)
    ActivitySubprocess._on_child_started = count_start(ActivitySubprocess._on_child_started)
    ActivitySubprocess.wait = end_with_supervisor(ActivitySubprocess.wait)
    WatchedSubprocess._service_subprocess = return_soon(WatchedSubprocess._service_subprocess)
