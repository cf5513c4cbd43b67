"""Limits the wrong passwords that an address may send for tokens of the API; Airflow limits those of its login page alone.

Counts failures only, since programs may fetch tokens as often as they like.
"""

import logging
import re
import time

from airflow_on_celery.admission import refuse

log = logging.getLogger(__name__)

TOKENS = re.compile(r"/auth/token(/cli)?/?$")
# Failures of an address within a number of seconds: the limit of Airflow's login page.
MOST, WINDOW = 5, 40
# Addresses that are remembered at least until their failures are too old to count.
ADDRESSES = 1000


class Attempts:
    """ASGI middleware that refuses requests for tokens after too many failures.

    :param app: the application, which sees the client's own address
    :param clock: returns seconds
    """

    def __init__(self, app, clock=time.monotonic):
        self.app = app
        self.clock = clock
        # Times of the failures, and number of requests without an answer, by address.
        self.failures = {}
        self.pending = {}

    def recent(self, address):
        return [at for at in self.failures.get(address, ()) if at > self.clock() - WINDOW]

    def fail(self, address):
        self.failures[address] = [*self.recent(address), self.clock()]
        if len(self.failures) > ADDRESSES:
            self.failures = {known: recent for known in self.failures if (recent := self.recent(known))}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "POST" or not TOKENS.search(scope["path"]):
            await self.app(scope, receive, send)
            return
        address = (scope.get("client") or ("unknown",))[0]
        recent = self.recent(address)
        # Requests at once count as failures as soon as there is one.
        if recent and len(recent) + self.pending.get(address, 0) >= MOST:
            log.warning("Refused a request for a token from %s, after %s failures", address, len(recent))
            seconds = int(recent[0] + WINDOW - self.clock()) + 1
            await refuse(send, 429, "Too many wrong passwords came from this address.", seconds)
            return

        async def counted(message):
            if message["type"] == "http.response.start" and message["status"] == 401:
                self.fail(address)
            await send(message)

        self.pending[address] = self.pending.get(address, 0) + 1
        try:
            await self.app(scope, receive, counted)
        finally:
            self.pending[address] -= 1
            if not self.pending[address]:
                del self.pending[address]
