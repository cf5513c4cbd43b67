"""Tests of components/roles/admission/admission.py, which needs nothing but Python."""

import asyncio
import sys
import unittest

sys.path.insert(0, "components/roles/admission")
from admission import Admission  # noqa: E402


def scope(path="/api/v2/dags"):
    return {"type": "http", "method": "GET", "path": path}


class Serving:
    """Application whose responses begin and end when a test sets the events."""

    def __init__(self):
        self.entered = []
        self.inside = self.most = 0
        self.begin = asyncio.Event()
        self.end = asyncio.Event()
        self.end.set()

    async def __call__(self, scope, receive, send):
        self.entered.append(scope["path"])
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.begin.wait()
        self.inside -= 1
        if scope["path"] == "/broken":
            raise ValueError("broken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.end.wait()
        await send({"type": "http.response.body", "body": b""})


async def asked(admission, path="/api/v2/dags"):
    """Returns the status of the response."""
    messages = []

    async def send(message):
        messages.append(message)

    # Fails a request without a response, instead of hanging.
    await asyncio.wait_for(admission(scope(path), None, send), 5)
    return messages[0]["status"]


class AdmissionTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.app = Serving()

    def ask(self, admission, *paths):
        return [asyncio.create_task(asked(admission, path)) for path in paths]

    async def test_no_more_requests_than_places_run_at_once(self):
        requests = self.ask(Admission(self.app, 3), *["/api/v2/dags"] * 20)
        await asyncio.sleep(0.05)
        self.assertEqual(len(self.app.entered), 3)
        self.app.begin.set()
        self.assertEqual(await asyncio.gather(*requests), [200] * 20)
        self.assertEqual(self.app.most, 3)

    async def test_heartbeats_and_final_states_of_tasks_go_first(self):
        first = ["/execution/task-instances/1/heartbeat", "/execution/task-instances/1/state"]
        requests = self.ask(Admission(self.app, 1), "/a", "/b", "/execution/task-instances/1/run", *first)
        await asyncio.sleep(0.05)
        self.app.begin.set()
        await asyncio.gather(*requests)
        self.assertEqual(self.app.entered, ["/a", *first, "/b", "/execution/task-instances/1/run"])

    async def test_a_request_that_waits_too_long_gets_503_and_the_next_one_its_place(self):
        admission = Admission(self.app, 1, max_wait=0.05)
        inside, late = self.ask(admission, "/a", "/late")
        self.assertEqual(await late, 503)
        (next,) = self.ask(admission, "/b")
        await asyncio.sleep(0)
        self.app.begin.set()
        self.assertEqual(await asyncio.gather(inside, next), [200, 200])
        self.assertEqual((self.app.entered, admission.free), (["/a", "/b"], 1))

    async def test_a_streaming_response_holds_no_place(self):
        self.app.begin.set()
        self.app.end.clear()
        requests = self.ask(Admission(self.app, 1), "/stream", "/stream")
        await asyncio.sleep(0.05)
        self.assertEqual(len(self.app.entered), 2)
        self.app.end.set()
        await asyncio.gather(*requests)

    async def test_a_failed_request_frees_its_place(self):
        admission = Admission(self.app, 1)
        self.app.begin.set()
        with self.assertRaises(ValueError):
            await asked(admission, "/broken")
        self.assertEqual(admission.free, 1)

    async def test_health_checks_and_the_version_do_not_wait(self):
        requests = self.ask(Admission(self.app, 1), "/a", "/execution/health", "/api/v2/version")
        await asyncio.sleep(0.05)
        self.assertEqual(len(self.app.entered), 3)
        self.app.begin.set()
        await asyncio.gather(*requests)


unittest.main()
