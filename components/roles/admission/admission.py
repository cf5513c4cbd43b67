"""Limits the concurrent requests of a webserver process to its database connections; heartbeats and ends of tasks go first.

Without the limit, requests would wait for connections in random order, and fail after 30 s. A request that has waited too long is
answered with 503; its client retries after a random, growing pause. A request gets its place once its body is here: a client that sends
no more, such as one that has vanished, would hold the place.
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
# Maximum seconds for the body of a request to arrive, or for its first bytes; the rest of a larger body is read by the application.
BODY_WAIT, BODY_BYTES = 60, 1 << 20


async def refuse(send, status, detail, seconds, *headers):
    """Answers a request with an error.

    :param seconds: time after which the client may try again
    :param headers: further headers, as (name, value)
    """
    body = json.dumps({"detail": f"{detail} Retry in {seconds} s."}).encode()
    usual = [(b"content-type", b"application/json"), (b"retry-after", str(seconds).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*usual, *headers]})
    await send({"type": "http.response.body", "body": body})


def has_body(scope):
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def in_time(arriving):
    # Python 3.10 has only the function that makes a task for it.
    if not hasattr(asyncio, "timeout"):
        return await asyncio.wait_for(arriving, BODY_WAIT)
    async with asyncio.timeout(BODY_WAIT):
        return await arriving


async def arrived(receive):
    """Reads the body of a request, or its first `BODY_BYTES`.

    :return: a function that gives what was read, and then what follows
    """
    messages, size = deque(), 0
    while True:
        messages.append(message := await receive())
        size += len(message.get("body", b""))
        if not message.get("more_body") or size > BODY_BYTES:
            break

    async def again():
        return messages.popleft() if messages else await receive()

    return again


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
            return
        try:
            if has_body(scope):
                receive = await in_time(arrived(receive))
        except asyncio.TimeoutError:
            await refuse(send, 408, "The body of the request has not arrived.", 5, (b"connection", b"close"))
            return
        if await self.acquire(self.priority_waiters if PRIORITY.search(scope["path"]) else self.waiters):
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
