"""Touches a heartbeat file per process of the webserver while the event loop of the process runs, however slowly."""

import os
import pathlib
import time
from contextlib import suppress

from uvicorn import Server

BEATS = pathlib.Path("/dev/shm/heartbeats")
STAT = pathlib.Path("/proc/self/stat")
# Seconds after which the file of a process that has ended is removed.
EXPIRY = 3600
on_tick = Server.on_tick


def heartbeat_name():
    """Returns the process id and the ticks at the start of the process, since another process may get the id later."""
    return f"{os.getpid()}-{STAT.read_text().rpartition(') ')[2].split()[19]}"


def remove_old():
    """Removes files of processes that have ended: a webserver may replace its processes now and then."""
    for path in BEATS.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > EXPIRY:
                path.unlink()


async def beat(self, counter):
    # Uvicorn ticks every 0.1 s.
    if counter % 20 == 0:
        BEATS.mkdir(exist_ok=True)
        if counter == 0:
            remove_old()
        (BEATS / heartbeat_name()).touch()
    return await on_tick(self, counter)


Server.on_tick = beat
