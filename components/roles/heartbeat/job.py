"""Touches the heartbeat file whenever this process writes its job's heartbeat to the metadata database, or waits for it.

A restart would not bring a silent database back, and costs a Python start at the very moment when it is.
"""

import os
import pathlib
import threading
import time

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.pool import Pool

HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")

# Longest silence of the database that is waited for, in seconds; a shorter one does no harm.
PATIENCE = 240


@event.listens_for(Mapper, "after_update")
def beat(_mapper, _connection, row):
    if type(row).__name__ == "Job":
        HEARTBEAT.touch()


class Waiting(threading.Thread):
    """Beats while any thread has waited for the database for more than a moment, and less than `PATIENCE`."""

    def __init__(self):
        super().__init__(name="waiting", daemon=True)
        self.since = {}
        self.process = os.getpid()

    def begin(self, *_):
        if os.getpid() != self.process:
            return  # A fork has no thread and no heartbeat of its own.
        self.since[threading.get_ident()] = time.monotonic()
        if not self.is_alive():
            self.start()

    def end(self, *_):
        self.since.pop(threading.get_ident(), None)

    def run(self):
        while True:
            time.sleep(2)
            now = time.monotonic()
            if HEARTBEAT.exists() and any(2 < now - since < PATIENCE for since in list(self.since.values())):
                HEARTBEAT.touch()


waiting = Waiting()
for name in ("before_cursor_execute", "commit"):
    event.listen(Engine, name, waiting.begin)
event.listen(Engine, "after_cursor_execute", waiting.end)
event.listen(Pool, "checkin", waiting.end)

connect = Pool.connect


def connect_and_wait(self):
    """Notes the wait for a connection of the pool: no event tells that one is being made or tested."""
    waiting.begin()
    try:
        return connect(self)
    finally:
        waiting.end()


Pool.connect = connect_and_wait
