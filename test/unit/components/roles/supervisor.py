"""Tests of components/roles/lease/supervisor.py, beside stand-ins for Airflow and Celery."""

import base64
import contextlib
import json
import sys
import time
import types
import unittest
from email.utils import formatdate
from unittest import mock

for name in (
    "psutil airflow airflow.sdk airflow.sdk.api airflow.sdk.api.client airflow.sdk.execution_time.supervisor airflow_on_celery celery celery.exceptions tenacity"
).split():
    sys.modules[name] = mock.MagicMock()
sys.path.insert(0, "components/roles/lease")
import broker  # noqa: E402


class Reject(Exception):
    def __init__(self, reason, requeue):
        super().__init__(reason)
        self.requeue = requeue


sys.modules["airflow_on_celery.broker"] = broker
class Ignore(Exception):
    pass


sys.modules["celery.exceptions"].Reject, sys.modules["celery.exceptions"].Ignore = Reject, Ignore
sys.modules["airflow.sdk.api.client"]._should_retry_api_request = lambda error: isinstance(error, TimeoutError)
import supervisor  # noqa: E402


class Redis(dict):
    def hset(self, key, field, value):
        self.setdefault(key, {})[field] = value

    def expire(self, key, seconds):
        self.expires = (key, seconds)


class StartsTest(unittest.TestCase):
    def start(self, *answers, redelivered=False):
        """Starts a task, with the answers of a webserver, each after 20 s."""
        request = types.SimpleNamespace(delivery_info={"redelivered": redelivered})
        self.redis, self.now, self.beats = Redis(), 0.0, []
        call = mock.Mock(side_effect=answers)

        def start(*args):
            self.now += 20
            return call(*args)

        with contextlib.ExitStack() as stack:
            for name, value in {
                "report": lambda _, beat: self.beats.append(beat),
                "clock": types.SimpleNamespace(now=lambda: self.now),
                "current_task": types.SimpleNamespace(request=request),
                "client_of": lambda _: contextlib.nullcontext(self.redis),
                "without_retries": lambda _: contextlib.nullcontext(),
                "api": types.SimpleNamespace(getuser=lambda: "airflow@worker-1"),
                "time": types.SimpleNamespace(monotonic=lambda: self.now, sleep=lambda _: None, time=time.time),
            }.items():
                stack.enter_context(mock.patch.object(supervisor, name, value))
            return supervisor.report_starts(start)(mock.Mock(), "ti", 7, None)

    def test_a_start_is_tried_until_the_webserver_answers(self):
        self.assertEqual(self.start(TimeoutError(), TimeoutError(), "context"), "context")
        self.assertEqual(self.redis, {})
        # The webserver may have noted the start right at its request, long before its answer is read.
        self.assertEqual(self.beats, [0, 20, 40])

    def test_a_start_without_an_answer_is_given_up_and_noted(self):
        with self.assertRaises(Reject) as rejected:
            self.start(*[TimeoutError()] * 3)
        self.assertTrue(rejected.exception.requeue)
        self.assertEqual(self.redis, {broker.GIVEN_UP: {"ti": "airflow@worker-1 7"}})
        self.assertEqual(self.redis.expires, (broker.GIVEN_UP, broker.GIVEN_UP_EXPIRY))

    def test_a_start_whose_token_is_refused_is_tried_until_another_webserver_takes_it(self):
        refusal = Refusal(403, "Invalid auth token")
        self.assertEqual(self.start(refusal, refusal, "context"), "context")
        with self.assertRaises(Refusal):
            self.start(*[refusal] * 3)
        self.assertEqual(self.redis, {})

    def test_a_second_message_whose_token_has_expired_is_dropped_as_its_task_may_be_running(self):
        expired, other = Refusal(403, "Invalid auth token", -1), Refusal(403, "Token subject does not match task instance ID")
        with self.assertRaises(Ignore):
            self.start(expired, redelivered=True)
        with self.assertRaises(Refusal):
            self.start(expired)
        with self.assertRaises(Refusal):
            self.start(other, redelivered=True)

    def test_a_refusal_of_the_webserver_ends_the_start(self):
        with self.assertRaises(ValueError):
            self.start(ValueError("conflict"))
        self.assertEqual(self.redis, {})


class Refusal(Exception):
    """Stand-in for the client's error, whose token ends in a number of seconds."""

    def __init__(self, status, message, seconds=60):
        super().__init__(message)
        self.response = types.SimpleNamespace(status_code=status, headers={})
        claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + seconds}).encode()).rstrip(b"=").decode()
        self.request = types.SimpleNamespace(headers={"authorization": f"Bearer head.{claims}.signature"})


class RefusedTokensTest(unittest.TestCase):
    def test_a_refused_token_is_tried_again_and_no_other_refusal(self):
        for error, is_refused in (
            (Refusal(403, "Invalid auth token"), True),
            # A message that has waited too long: no webserver will take its token.
            (Refusal(403, "Invalid auth token", -1), False),
            (Refusal(403, "Token subject does not match task instance ID"), False),
            (Refusal(409, "Invalid auth token"), False),
            (TimeoutError("Invalid auth token"), False),
        ):
            self.assertEqual(supervisor.is_refused_token(error), is_refused, error)

    def test_a_token_has_expired_by_the_clock_of_the_webserver_that_refuses_it(self):
        for ahead, is_refused in ((0, True), (120, False)):
            refusal = Refusal(403, "Invalid auth token", 60)
            refusal.response.headers["date"] = formatdate(time.time() + ahead, usegmt=True)
            self.assertEqual(supervisor.is_refused_token(refusal), is_refused)

    def test_a_task_whose_token_has_expired_is_ended_at_the_next_heartbeat(self):
        for seconds, status in ((60, 403), (-1, 410)):
            refusal = Refusal(403, "Invalid auth token", seconds)
            with (
                mock.patch.object(supervisor, "without_retries", lambda _: contextlib.nullcontext()),
                mock.patch.object(supervisor, "report") as report,
                self.assertRaises(Refusal),
            ):
                supervisor.report_heartbeats(mock.Mock(side_effect=refusal))(mock.Mock(), "ti", 7)
            # Airflow ends a task whose heartbeat is answered by 410.
            self.assertEqual((refusal.response.status_code, report.called), (status, False))

    def test_instances_of_a_machine_start_tasks_by_different_names(self):
        with mock.patch.object(supervisor.socket, "gethostname", lambda: "worker-big-1"):
            self.assertEqual(supervisor.name_instance(lambda: "airflow")(), "airflow@worker-big-1")

    def test_faults_that_the_client_retries_are_still_retried(self):
        for fault in (TimeoutError(), Refusal(403, "Invalid auth token"), ValueError()):
            retrying = types.SimpleNamespace(retry=Predicate(lambda error: isinstance(error, TimeoutError)))
            with mock.patch.object(supervisor, "retry_if_exception", Predicate):
                supervisor.retry_refused_tokens(retrying)
            self.assertEqual(retrying.retry.holds(fault), not isinstance(fault, ValueError))


class Predicate:
    """Stand-in for a condition of tenacity."""

    def __init__(self, holds):
        self.holds = holds

    def __or__(self, other):
        return Predicate(lambda error: self.holds(error) or other.holds(error))


unittest.main()
