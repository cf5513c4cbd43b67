"""Touches a heartbeat file per process of the webserver while the event loop of the process runs, however slowly."""

import os
import pathlib

from uvicorn import Server

BEATS = pathlib.Path("/dev/shm/heartbeats")
on_tick = Server.on_tick


async def beat(self, counter):
    # Uvicorn ticks every 0.1 s.
    if counter % 20 == 0:
        BEATS.mkdir(exist_ok=True)
        (BEATS / str(os.getpid())).touch()
    return await on_tick(self, counter)


Server.on_tick = beat
