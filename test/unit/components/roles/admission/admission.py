"""Tests of components/roles/admission/admission.py, which needs nothing but Python."""

import asyncio
import sys
import unittest
from unittest import mock

sys.path.insert(0, "components/roles/admission")
import admission as module  # noqa: E402
from admission import Admission  # noqa: E402


def scope(path="/api/v2/dags", headers=()):
    return {"type": "http", "method": "GET", "path": path, "headers": headers}


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


async def asked(admission, path="/api/v2/dags", receive=None):
    """Returns the status of the response."""
    messages = []

    async def send(message):
        messages.append(message)

    # Fails a request without a response, instead of hanging.
    headers = [(b"content-length", b"9")] if receive else []
    await asyncio.wait_for(admission(scope(path, headers), receive, send), 5)
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

    async def test_a_request_gets_its_place_once_its_body_is_here(self):
        parts = asyncio.Queue()
        admission = Admission(self.app, 1)
        slow = asyncio.create_task(asked(admission, "/slow", parts.get))
        await asyncio.sleep(0.05)
        self.app.begin.set()
        self.assertEqual(await asked(admission, "/a"), 200)
        for part, more in ((b"abc", True), (b"def", False)):
            parts.put_nowait({"type": "http.request", "body": part, "more_body": more})
        self.assertEqual((await slow, self.app.entered), (200, ["/a", "/slow"]))

    async def test_a_body_that_does_not_arrive_holds_no_place(self):
        with mock.patch.object(module, "BODY_WAIT", 0.05):
            self.assertEqual(await asked(Admission(self.app, 1), "/slow", asyncio.Queue().get), 408)
        self.assertEqual(self.app.entered, [])

    async def test_an_application_gets_what_was_read_and_then_what_follows(self):
        parts = asyncio.Queue()
        bodies = [b"a" * (1 << 20), b"b", b"c"]
        for part in bodies:
            parts.put_nowait({"type": "http.request", "body": part, "more_body": part != b"c"})
        again = await module.arrived(parts.get)
        self.assertEqual(parts.qsize(), 1)
        self.assertEqual([(await again())["body"] for _ in bodies], bodies)

    async def test_health_checks_and_the_version_do_not_wait(self):
        requests = self.ask(Admission(self.app, 1), "/a", "/execution/health", "/api/v2/version")
        await asyncio.sleep(0.05)
        self.assertEqual(len(self.app.entered), 3)
        self.app.begin.set()
        await asyncio.gather(*requests)


unittest.main()
