"""Tests of components/canary/proof.py, beside stand-ins for Airflow and Redis."""

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


unittest.main()
