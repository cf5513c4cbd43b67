"""Tests of components/canary/proof.py, beside stand-ins for Airflow and Redis."""

import itertools
import sys
import types
import unittest
from unittest import mock

for name in "start airflow.providers.celery.executors.celery_executor_utils airflow_on_celery celery.app.control".split():
    sys.modules[name] = mock.MagicMock()
sys.modules["airflow_on_celery"].rows = types.SimpleNamespace(ID="airflow_on_celery.canary", ABANDONED=1800)
sys.path.insert(0, "components/canary")
import proof  # noqa: E402


class Redis(list):
    def scan_iter(self, match, count):
        self.match = match
        return list(self)

    def delete(self, key):
        self.remove(key)


class QueuesTest(unittest.TestCase):
    def test_a_proof_removes_its_queues_and_those_of_old_proofs_and_no_other(self):
        recent = b"airflow_on_celery.canary.worker-gpu-1.2000-9"
        client = Redis(
            [
                b"_kombu.binding.airflow_on_celery.canary.worker-1.2400-7",
                b"airflow_on_celery.canary.worker-1.500-3",
                b"airflow_on_celery.canary.team.2-1.500-3\x06\x163",
                recent,
            ]
        )
        proof.remove_queues(client, "2400-7", 2500)
        self.assertEqual(client, [recent])
        self.assertEqual(client.match, "*airflow_on_celery.canary.*")


class StoppingTest(unittest.TestCase):
    def outcomes(self, leases):
        """Outcomes of the trials of a worker that does not answer, beside one that does."""
        groups = [
            {"name": "worker", "queues": ["default"], "workers": ["worker-1"], "places": 4},
            {"name": "worker-eu", "queues": ["eu"], "workers": ["worker-eu-1"], "places": 4},
        ]
        connection = proof.app.connection_for_write.return_value.__enter__.return_value
        looks = itertools.count()
        connection.default_channel.client.hgetall.side_effect = lambda _: leases(next(looks))
        proof.ANSWER_SECONDS = 0.1
        one = proof.Proof(groups, 300, True)
        one.workers.ask_queues = lambda *_: one.workers.queues.update({"worker-eu-1": ["eu"]})
        with mock.patch.object(proof, "emit"):
            one.find_workers()
            one.plan_queues()
        return {f"{trial.kind} {trial.name}": trial.outcome for trial in one.trials}

    def test_a_worker_that_finishes_its_tasks_before_it_ends_is_busy(self):
        answering = {"worker worker-eu-1": None, "queue eu": None}
        lease = lambda at, stopping: {b"celery@worker-1": b'{"at": %d, "stopping": %s}' % (at, stopping), b"watch": b"7"}
        self.assertEqual(self.outcomes(lambda at: lease(at, b"true")), answering | {"worker worker-1": "busy", "queue default": "busy"})
        for leases in (lambda _: {}, lambda at: lease(at, b"false"), lambda _: {b"celery@worker-1": b"{}"}):
            self.assertEqual(self.outcomes(leases), answering | {"worker worker-1": "failed", "queue default": "failed"})
        # The worker was killed meanwhile.
        self.assertEqual(self.outcomes(lambda _: lease(1, b"true"))["worker worker-1"], "failed")


class RepeatTest(unittest.TestCase):
    def test_a_proof_with_faults_is_repeated_sooner(self):
        with mock.patch.object(sys, "argv", ["repeat.py", "3600", "30", "3", "http://webserver:8080", "admin"]):
            sys.path.insert(0, "components/canary")
            import repeat
        self.assertEqual([repeat.rest(40, []), repeat.rest(40, ["worker worker-1: x"]), repeat.rest(400, ["x"])], [3560, 80, 0])


unittest.main()
