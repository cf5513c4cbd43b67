"""Tests of components/roles/admission/attempts.py, which needs nothing but Python."""

import asyncio
import sys
import unittest
from types import ModuleType

sys.path.insert(0, "components/roles/admission")
import admission  # noqa: E402

sys.modules |= {"airflow_on_celery": ModuleType("airflow_on_celery"), "airflow_on_celery.admission": admission}
import attempts  # noqa: E402


class Airflow:
    """Application that gives a token to requests whose query is the right password."""

    def __init__(self):
        self.tried = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def __call__(self, scope, receive, send):
        self.tried += 1
        await self.answers.wait()
        status = 201 if scope["query_string"] == b"right" else 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class AttemptsTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.now = 100.0
        self.app = Airflow()
        self.attempts = attempts.Attempts(self.app, lambda: self.now)

    async def ask(self, password, address="10.0.0.1", path="/auth/token", method="POST"):
        """Returns the status and the headers of the response."""
        messages = []

        async def send(message):
            messages.append(message)

        scope = {"type": "http", "method": method, "path": path, "query_string": password, "client": (address, 1)}
        await self.attempts(scope, None, send)
        return messages[0]["status"], dict(messages[0]["headers"])

    async def statuses(self, count, *args, **kwargs):
        return [(await self.ask(*args, **kwargs))[0] for _ in range(count)]

    async def test_the_sixth_wrong_password_within_40_s_is_refused_and_so_is_the_right_one(self):
        self.assertEqual(await self.statuses(7, b"wrong"), [401] * 5 + [429] * 2)
        self.assertEqual(await self.statuses(1, b"right", path="/air/auth/token/cli"), [429])
        self.assertEqual(self.app.tried, 5)
        self.now += 30
        _, headers = await self.ask(b"right")
        self.assertEqual(headers[b"retry-after"], b"11")
        self.now += 11
        self.assertEqual(await self.statuses(1, b"right"), [201])

    async def test_no_other_address_and_no_other_request_is_refused(self):
        await self.statuses(6, b"wrong")
        self.assertEqual(await self.statuses(1, b"right", "10.0.0.2"), [201])
        self.assertEqual(await self.statuses(9, b"wrong", path="/api/v2/dags"), [401] * 9)
        self.assertEqual(await self.statuses(9, b"wrong", method="GET"), [401] * 9)

    async def test_tokens_are_not_limited(self):
        self.assertEqual(await self.statuses(100, b"right"), [201] * 100)

    async def test_requests_at_once_try_no_more_passwords(self):
        await self.ask(b"wrong")
        self.app.answers.clear()
        asked = [asyncio.create_task(self.ask(b"wrong")) for _ in range(50)]
        await asyncio.sleep(0)
        self.app.answers.set()
        found = [status for status, _ in await asyncio.gather(*asked)]
        self.assertEqual((found.count(401), found.count(429)), (4, 46))
        self.assertEqual(self.attempts.pending, {})

    async def test_old_failures_are_forgotten(self):
        for at in range(attempts.ADDRESSES):
            await self.ask(b"wrong", f"address {at}")
        self.now += attempts.WINDOW
        await self.ask(b"wrong")
        self.assertEqual(list(self.attempts.failures), ["10.0.0.1"])


if __name__ == "__main__":
    unittest.main()
