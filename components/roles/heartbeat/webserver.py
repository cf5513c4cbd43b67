"""Touches a heartbeat file of each process of the webserver while its event loop turns: slow is not dead."""

import os
import pathlib

from uvicorn import Server

BEATS = pathlib.Path("/dev/shm/heartbeats")
turn = Server.on_tick


async def beat(self, counter):
    if counter % 20 == 0:
        BEATS.mkdir(exist_ok=True)
        (BEATS / str(os.getpid())).touch()
    return await turn(self, counter)


Server.on_tick = beat
