"""Tests of the programs of leases in components/roles/lease, with a broker that is a dictionary."""

import contextlib
import json
import sys
import time
import types
import unittest
from unittest import mock

sys.path.insert(0, "components/roles/lease")
import broker  # noqa: E402

sys.modules.update({"airflow_on_celery": types.ModuleType("airflow_on_celery"), "airflow_on_celery.broker": broker})
sys.modules["airflow_on_celery.timings"] = types.SimpleNamespace(FENCE=20, RENEWAL=5)
import clock  # noqa: E402

sys.modules["airflow_on_celery"].clock = clock
for name in "airflow airflow.utils airflow.utils.net celery celery.worker".split():
    sys.modules[name] = mock.MagicMock()
import lease  # noqa: E402
from watch import Watch  # noqa: E402


class Broker:
    def __init__(self, messages=(), **leases):
        self.fields = {f"celery@{name}".encode(): json.dumps(lease).encode() for name, lease in leases.items()}
        self.given_up = {}
        self.messages = [json.dumps(message).encode() for message in messages]

    def hset(self, _, field, value):
        self.fields[field.encode()] = value

    def hgetall(self, key):
        return dict(self.fields if key == broker.LEASES else self.given_up)

    def hdel(self, _, *names):
        for name in names:
            del self.fields[name.encode()]

    def lrange(self, *_):
        return [b"no message", *self.messages]


class WatchTest(unittest.TestCase):
    def setUp(self):
        self.watch = Watch(None)
        self.watch.queues = {"default"}
        self.watch.first_look = time.monotonic() - 100

    def unseen(self, broker, *tasks):
        """Returns the tasks that are neither in a queue nor in a lease."""
        self.watch.tracked = set(tasks)
        self.watch.look(broker)
        return {task for task, seconds in self.watch.unseen(dict.fromkeys(tasks, 0)).items() if seconds > 50}

    def test_a_task_in_a_lease_or_a_queue_is_seen(self):
        broker = Broker([{"properties": {"correlation_id": "b"}}], one={"at": 1, "host": "one", "tasks": ["a"]})
        self.assertEqual(self.unseen(broker, "a", "b", "c"), {"c"})
        self.assertTrue(self.watch.had_lease("one"))
        self.assertFalse(self.watch.had_lease("two"))

    def test_foreign_entries_hide_no_task(self):
        broker = Broker([{}, [], 1, {"properties": None}], old={"at": 1}, one={"at": 1, "host": "one", "tasks": ["a"]})
        self.assertEqual(self.unseen(broker, "a", "b"), {"b"})

    def test_a_lease_without_renewals_is_removed(self):
        broker = Broker(one={"at": 1, "host": "one", "tasks": []})
        self.watch.look(broker)
        self.watch.leases = {node: (value, at - 4000) for node, (value, at) in self.watch.leases.items()}
        self.watch.look(broker)
        self.assertEqual(list(broker.fields), [b"watch"])
        self.assertTrue(self.watch.had_lease("one"))

    def test_a_start_is_given_up_by_its_process_alone(self):
        redis = Broker()
        redis.given_up = {b"ti": broker.start_of("one", 7).encode()}
        self.watch.look(redis)
        given_up = [self.watch.has_given_up(*start) for start in [("ti", "one", 7), ("ti", "one", 8), ("ti", "two", 7), ("to", "one", 7)]]
        self.assertEqual(given_up, [True, False, False, False])


class LeaseTest(unittest.TestCase):
    def renewals(self, *times, leases=time.CLOCK_BOOTTIME):
        """Returns the time of the first renewal after a silence, for renewals at these times, between which the machine is suspended."""
        ticks = lambda clock: at if clock == time.CLOCK_BOOTTIME else times[0]
        renewed = lease.Lease(mock.MagicMock())
        renewed.renewed = times[0]
        for at in times:
            with mock.patch.object(time, "clock_gettime", ticks), mock.patch.object(clock, "LEASE", leases), mock.patch.multiple(
                lease, held_tasks=list, places_of=lambda _: 4, queues_of=lambda _: []
            ), mock.patch.object(lease.json, "dumps", lambda _: ""):
                renewed.renew(mock.Mock())
        return renewed.resumed

    def test_a_renewal_after_a_silence_is_told_from_others(self):
        self.assertEqual(self.renewals(100, 105, 110), float("-inf"))
        self.assertEqual(self.renewals(100, 105, 140, 145), 140)

    def test_a_suspension_of_the_machine_is_no_silence_where_the_schedulers_are_suspended_too(self):
        self.assertEqual(self.renewals(100, 140, leases=time.CLOCK_MONOTONIC), float("-inf"))

    def test_a_lease_that_is_removed_at_the_end_of_its_worker_is_not_renewed(self):
        redis, ending = Broker(), lease.Lease(mock.MagicMock(hostname="celery@one"))
        with mock.patch.multiple(
            lease, held_tasks=list, places_of=lambda _: 4, queues_of=lambda _: [], client_of=lambda _: contextlib.nullcontext(redis)
        ):
            ending.host = "one"
            ending.renew(redis)
            self.assertEqual(list(redis.fields), [b"celery@one"])
            ending.remove()
            ending.renew(redis)
        self.assertEqual(redis.fields, {})


unittest.main()
