"""Touches the heartbeat file whenever this process writes its job's heartbeat to the metadata database, or waits for the database.

A restart of the role would not bring a silent database back, and would delay the role once the database is back.
"""

import functools
import os
import pathlib
import socket
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.pool import Pool

HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")

# Seconds of waiting for the database after which the process counts as hung.
MAX_WAIT = 240


@event.listens_for(Mapper, "after_update")
def beat(_mapper, _connection, row):
    if type(row).__name__ == "Job":
        HEARTBEAT.touch()


class Waiting(threading.Thread):
    """Thread that touches the heartbeat file while another thread has waited for the database for 2 s to `MAX_WAIT` s."""

    def __init__(self):
        super().__init__(name="waiting", daemon=True)
        self.since = {}
        self.pid = os.getpid()

    def begin(self, *_):
        if os.getpid() != self.pid:
            return  # A forked process has neither this thread nor a heartbeat.
        self.since[threading.get_ident()] = time.monotonic()
        if not self.is_alive():
            self.start()

    def end(self, *_):
        self.since.pop(threading.get_ident(), None)

    def run(self):
        while True:
            time.sleep(2)
            now = time.monotonic()
            if HEARTBEAT.exists() and any(2 < now - since < MAX_WAIT for since in list(self.since.values())):
                HEARTBEAT.touch()


waiting = Waiting()
for name in ("before_cursor_execute", "commit", "rollback"):
    event.listen(Engine, name, waiting.begin)
# A connection that returns to its pool is rolled back first, without an event of the engine.
event.listen(Pool, "reset", waiting.begin)
event.listen(Engine, "after_cursor_execute", waiting.end)
event.listen(Pool, "checkin", waiting.end)

connect = Pool.connect


def connect_and_wait(self):
    """Notes the wait for a connection of the pool: SQLAlchemy has no event before a connection is made or tested.

    Goes on after a connection's timeout, which would end the role, as a query waits for a silent database, too.
    """
    waiting.begin()
    began = time.monotonic()
    try:
        while True:
            try:
                return connect(self)
            except Exception as error:
                if "timeout expired" not in str(error) or time.monotonic() - began > MAX_WAIT:
                    raise
    finally:
        waiting.end()


Pool.connect = connect_and_wait


@contextmanager
def beating_at_once(jobs):
    """Makes the first heartbeat of a job come at once: Airflow waits for an interval first, and then writes what the row has already."""
    yield
    perform, begun = jobs.perform_heartbeat, set()

    @functools.wraps(perform)
    def performing(job, *args, **named):
        if job.id not in begun:
            begun.add(job.id)
            job.latest_heartbeat -= timedelta(seconds=job.heartrate)
        return perform(job, *args, **named)

    jobs.perform_heartbeat = performing


# Contexts of start.py, for a module that cannot be imported yet.
getattr(sys.modules["__main__"], "contexts", {})["airflow.jobs.job"] = beating_at_once


def group_name():
    """Returns the host name that several instances on one machine share; each of them serves the logs of all."""
    return socket.gethostname().rpartition("-")[0]
