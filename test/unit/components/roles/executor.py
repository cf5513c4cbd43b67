"""Tests of components/roles/lease/executor.py, beside stand-ins for Airflow, with a database that is a list of tasks."""

import contextlib
import sys
import types
import unittest
from collections import Counter
from unittest import mock

for name in (
    "airflow.models.log airflow.models.taskinstance airflow.models.taskinstancekey airflow.providers.celery.executors "
    "airflow.providers.celery.executors.celery_executor_utils airflow.sdk.exceptions airflow.utils airflow.utils.session "
    "airflow.utils.state airflow_on_celery airflow_on_celery.timings airflow_on_celery.watch celery.states kombu.exceptions sqlalchemy"
).split():
    sys.modules[name] = mock.MagicMock()


class Base:
    def sync(self):
        self.synced = True

    def fail(self, key, info=None):
        self.ended[key] = f"failed: {info}"

    def change_state(self, key, state, info=None, remove_running=True):
        self.ended[key] = state


sys.modules["airflow.providers.celery.executors"].celery_executor.CeleryExecutor = Base
sys.modules["airflow.utils.state"].TaskInstanceState = types.SimpleNamespace(
    QUEUED="queued", RUNNING="running", RESTARTING="restarting"
)
sys.modules["airflow_on_celery.timings"].DEAD, sys.modules["airflow_on_celery.timings"].LOST = 30, 50
sys.path[:0] = ["components/roles/lease", "components/canary"]
import canaries  # noqa: E402

sys.modules["airflow_on_celery.canaries"] = canaries
import executor  # noqa: E402


def instance(key, state, task="id", pid=1):
    return types.SimpleNamespace(id=key, key=key, state=state, external_executor_id=task, hostname="worker-1", unixname="airflow@worker-1", pid=pid)


class ExecutorTest(unittest.TestCase):
    def setUp(self):
        self.executor = object.__new__(executor.CeleryExecutor)
        self.ended = self.executor.ended = {}
        self.executor.starts = Counter()
        self.executor.watch = types.SimpleNamespace(has_given_up=lambda id, user, pid: (user, pid) == ("airflow@worker-1", 7))
        self.executor.schedule_again = lambda ti, *_: self.ended.update({ti.key: "scheduled"})
        self.executor.forget = lambda key: self.ended.update({key: "forgotten"})
        self.executor.fail_dead = lambda ti, _: self.ended.update({ti.key: "dead"})

    def settle(self, doubtful, settle_one, *database):
        session = types.SimpleNamespace(scalars=lambda _: database)
        with mock.patch.object(executor, "create_session", lambda: contextlib.nullcontext(session)):
            self.executor.settle(doubtful, settle_one)
        self.assertEqual(doubtful, {})
        return self.ended

    def unstarted(self, *database):
        keys = ("first", "second", "third", "old")
        return self.settle({key: ("id", "why") for key in keys}, self.executor.settle_unstarted, *database)

    def test_a_task_that_no_worker_could_start_is_scheduled_again_unless_it_has_begun(self):
        database = [instance("first", "queued"), instance("second", "running"), instance("third", "success")]
        self.assertEqual(
            self.unstarted(*database),
            {"first": "scheduled", "second": "failed: why", "third": "forgotten", "old": "forgotten"},
        )

    def test_a_task_that_workers_refuse_too_often_fails(self):
        for _ in range(executor.STARTS):
            self.assertEqual(self.unstarted(instance("first", "queued"))["first"], "scheduled")
        self.assertEqual(self.unstarted(instance("first", "queued"))["first"], "failed: why")

    def test_failed_starts_before_an_end_of_the_task_do_not_count(self):
        for _ in range(executor.STARTS):
            self.unstarted(instance("first", "queued"))
        # A sensor that is rescheduled ends, and starts again in the same try.
        self.executor.change_state("first", "success")
        self.assertEqual(self.unstarted(instance("first", "queued"))["first"], "scheduled")

    def test_a_refused_message_is_forgotten_if_the_task_has_a_newer_one(self):
        self.assertEqual(self.unstarted(instance("first", "queued", "other"))["first"], "forgotten")

    def test_a_start_that_its_worker_gave_up_costs_no_attempt(self):
        doubtful = {"a": ("id", 40), "b": ("id", 40)}
        database = [instance("a", "running", pid=7), instance("b", "running")]
        ended = self.settle(doubtful, self.executor.settle_unseen, *database)
        self.assertEqual(ended, {"a": "scheduled", "b": "dead"})

    def test_a_task_in_no_queue_and_no_lease_ends_after_its_time(self):
        doubtful = {"a": ("id", 40), "b": ("id", 60), "c": ("id", 40), "d": ("id", 60), "old": ("id", 40)}
        database = [instance("a", "running"), instance("b", "queued"), instance("c", "queued"), instance("d", "success")]
        ended = self.settle(doubtful, self.executor.settle_unseen, *database, instance("unknown", "running"))
        self.assertEqual(ended, {"a": "dead", "b": "scheduled", "d": "forgotten", "old": "forgotten"})

    def test_a_task_that_another_message_has_by_now_is_not_failed(self):
        doubtful = {"a": ("id", 40), "b": ("id", 60)}
        database = [instance("a", "running", "other"), instance("b", "running", "other")]
        self.assertEqual(self.settle(doubtful, self.executor.settle_unseen, *database), {"b": "forgotten"})

    def test_the_watch_searches_the_queues_of_unfinished_tasks_alone(self):
        self.executor.sleeper, self.executor.running = mock.Mock(), set()
        self.executor.unstarted, self.executor.next_search, self.executor.known = {}, 0, {}
        self.executor.watch.unseen = lambda known: {}
        self.executor.workloads = {"a": types.SimpleNamespace(task_id="id a")}
        self.executor.queues = before = {"a": "default", "ended": "airflow_on_celery.canary.default.1"}
        with mock.patch.object(executor, "TaskInstanceKey", str), mock.patch.object(executor, "INTERVAL", 3):
            self.executor.sync()
        self.assertEqual((self.executor.watch.queues, self.executor.watch.tracked), ({"default"}, {"id a"}))
        self.assertEqual(len(before), 2)

    def test_what_celery_keeps_of_a_proofs_queue_is_dropped(self):
        queues = {"default": 1, "airflow_on_celery.canary.w.1": 1}
        app = mock.MagicMock(amqp=types.SimpleNamespace(queues=queues))
        self.executor.team_name = None
        utils = types.SimpleNamespace(_get_celery_app_for_workload={None: app}.get)
        with mock.patch.object(executor, "celery_executor_utils", utils):
            self.executor.forget_queues(["airflow_on_celery.canary.w.1", "airflow_on_celery.canary.unknown"])
        self.assertEqual(queues, {"default": 1})
        state = app.producer_or_acquire().__enter__().connection.transport.state
        state.queue_bindings_delete.assert_called_once_with("airflow_on_celery.canary.w.1")
        state.exchanges.pop.assert_called_once_with("airflow_on_celery.canary.w.1", None)

    def test_the_death_of_a_worker_fails_its_task_and_is_an_event_of_the_task(self):
        self.executor.log = mock.Mock()
        self.executor.watch.had_lease = lambda host: host == "worker-1"
        session, dead = mock.Mock(), instance("a", "running")
        dead.last_heartbeat_at = None
        executor.CeleryExecutor.fail_dead(self.executor, dead, session)
        self.assertIn("no lease in the broker", self.ended["a"])
        session.add.assert_called_once_with(executor.Log.return_value)
        self.assertEqual(executor.Log.call_args.kwargs["event"], "worker died")


unittest.main()
