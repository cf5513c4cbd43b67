"""Limits the concurrent requests of a webserver process to its database connections; heartbeats and ends of tasks go first.

Without the limit, requests would wait for connections in random order, and fail after 30 s. A request that has waited too long is
answered with 503; its client retries after a random, growing pause.
"""

import asyncio
import json
import logging
import re
from collections import deque

log = logging.getLogger(__name__)

# Paths that go first: heartbeats and state changes of tasks.
PRIORITY = re.compile(r"/execution/task-instances/[^/]+/(heartbeat|state)$")
# Paths that need no database, and are not limited.
UNLIMITED = re.compile(r"/(static/.*|execution/health|api/v2/version)$")
# Maximum seconds that a request waits; less than the 30 s after which clients of the execution API give up.
MAX_WAIT = 20


async def refuse(send, status, detail, seconds):
    """Answers a request with an error.

    :param seconds: time after which the client may try again
    """
    body = json.dumps({"detail": f"{detail} Retry in {seconds} s."}).encode()
    headers = [(b"content-type", b"application/json"), (b"retry-after", str(seconds).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Admission:
    """ASGI middleware that limits concurrent requests.

    :param app: the application to limit
    :param limit: maximum number of requests that have not begun to answer
    :param max_wait: seconds after which a waiting request is answered with 503
    """

    def __init__(self, app, limit, max_wait=MAX_WAIT):
        self.app = app
        self.free = limit
        self.max_wait = max_wait
        self.priority_waiters = deque()
        self.waiters = deque()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or UNLIMITED.search(scope["path"]):
            await self.app(scope, receive, send)
        elif await self.acquire(self.priority_waiters if PRIORITY.search(scope["path"]) else self.waiters):
            await self.serve(scope, receive, send)
        else:
            log.warning("Refused %s %s, which waited for %s s", scope["method"], scope["path"], self.max_wait)
            await refuse(send, 503, "The webserver is overloaded.", 5)

    async def acquire(self, waiters):
        """Returns true once a request may go on; false after `max_wait`."""
        if self.free > 0:
            self.free -= 1
            return True
        waiter = asyncio.get_running_loop().create_future()
        waiters.append(waiter)
        try:
            await asyncio.wait({waiter}, timeout=self.max_wait)
        finally:
            if not waiter.done():
                waiter.cancel()
        return not waiter.cancelled()

    def release(self):
        for waiters in (self.priority_waiters, self.waiters):
            while waiters:
                waiter = waiters.popleft()
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self.free += 1

    async def serve(self, scope, receive, send):
        is_held = True

        def release():
            nonlocal is_held
            if is_held:
                is_held = False
                self.release()

        async def send_and_release(message):
            # Releases before the body, which may be streamed for any time, such as the log of a running task.
            if message["type"] == "http.response.start":
                release()
            await send(message)

        try:
            await self.app(scope, receive, send_and_release)
        finally:
            release()
