"""Touches a heartbeat file per process of the webserver while the event loop of the process runs, however slowly."""

import os
import pathlib

from uvicorn import Server

BEATS = pathlib.Path("/dev/shm/heartbeats")
STAT = pathlib.Path("/proc/self/stat")
on_tick = Server.on_tick


def heartbeat_name():
    """Returns the process id and the ticks at the start of the process, since another process may get the id later."""
    return f"{os.getpid()}-{STAT.read_text().rpartition(') ')[2].split()[19]}"


async def beat(self, counter):
    # Uvicorn ticks every 0.1 s.
    if counter % 20 == 0:
        BEATS.mkdir(exist_ok=True)
        (BEATS / heartbeat_name()).touch()
    return await on_tick(self, counter)


Server.on_tick = beat
