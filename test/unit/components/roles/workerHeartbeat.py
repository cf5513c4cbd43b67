"""Tests of components/roles/heartbeat/worker.py, beside stand-ins for Celery."""

import sys
import types
import unittest
from unittest import mock

for name in "celery celery.worker.heartbeat".split():
    sys.modules[name] = mock.MagicMock()
sys.modules["celery"].bootsteps.StartStopStep = object
sys.path[:0] = ["components/roles/heartbeat", "components/canary"]
import canaries  # noqa: E402

sys.modules["airflow_on_celery"] = types.ModuleType("airflow_on_celery")
sys.modules["airflow_on_celery.canaries"] = canaries
import worker  # noqa: E402


def consumer(*names):
    queues = [types.SimpleNamespace(name=name) for name in names]
    return types.SimpleNamespace(task_consumer=types.SimpleNamespace(queues=queues))


class ConsumesTest(unittest.TestCase):
    def test_a_worker_consumes_if_it_reads_a_queue_of_users(self):
        proof = "airflow_on_celery.canary.worker-1.1795843066-635"
        self.assertTrue(worker.consumes(consumer("default")))
        self.assertTrue(worker.consumes(consumer(proof, "default")))
        self.assertFalse(worker.consumes(consumer()))
        self.assertFalse(worker.consumes(types.SimpleNamespace(task_consumer=None)))

    def test_a_worker_that_reads_the_queue_of_a_proof_alone_does_not_consume(self):
        self.assertFalse(worker.consumes(consumer("airflow_on_celery.canary.worker-1.1795843066-635")))


unittest.main()
