"""Lets no more requests into a process of the webserver than it has database connections; heartbeats and ends of tasks go first.

More at once would wait for connections in no order, and fail after 30 s. A request that stood in line for too long is
answered 503: its client asks again after a random pause, which grows.
"""

import asyncio
import logging
import re
from collections import deque

log = logging.getLogger(__name__)

FIRST = re.compile(r"/execution/task-instances/[^/]+/(heartbeat|state)$")
# Needs no database.
FREE = re.compile(r"/(static/.*|execution/health|api/v2/version)$")
# Longest wait in line, in seconds; clients of tasks give a request up after 30 s.
PATIENCE = 20


async def refuse(send):
    body = b'{"detail": "The webserver has more to do than it can: ask again later"}'
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Admission:
    """An ASGI application in front of another one.

    :param app: the other one
    :param places: requests at once, until each begins to answer
    :param patience: seconds in line
    """

    def __init__(self, app, places, patience=PATIENCE):
        self.app = app
        self.free = places
        self.patience = patience
        self.first = deque()
        self.others = deque()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or FREE.search(scope["path"]):
            await self.app(scope, receive, send)
        elif await self.admit(self.first if FIRST.search(scope["path"]) else self.others):
            await self.serve(scope, receive, send)
        else:
            log.warning("A request stood in line for %s s: %s %s", self.patience, scope["method"], scope["path"])
            await refuse(send)

    async def admit(self, line):
        if self.free > 0:
            self.free -= 1
            return True
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await asyncio.wait({turn}, timeout=self.patience)
        finally:
            if not turn.done():
                turn.cancel()
        return not turn.cancelled()

    def leave(self):
        for line in (self.first, self.others):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self.free += 1

    async def serve(self, scope, receive, send):
        inside = True

        def leave():
            nonlocal inside
            if inside:
                inside = False
                self.leave()

        async def answer(message):
            # Streams the rest of the answer, such as a log that is still being written, for any time.
            if message["type"] == "http.response.start":
                leave()
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            leave()
