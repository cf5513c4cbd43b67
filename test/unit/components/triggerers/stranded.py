"""Tests of components/roles/triggerQueues/stranded.py, with stand-ins for Airflow and SQLAlchemy; test/live/versions has its query."""

import sys
import types
import unittest
from unittest import mock


class SQLAlchemyError(Exception):
    pass


class ProgrammingError(SQLAlchemyError):
    pass


class InternalError(SQLAlchemyError):
    pass


for name in ("airflow_on_celery", "airflow_on_celery.served", "sqlalchemy", "sqlalchemy.event", "sqlalchemy.exc", "sqlalchemy.orm"):
    sys.modules[name] = mock.MagicMock()
sys.modules["sqlalchemy"].event.listens_for = lambda *_: lambda listener: listener
sys.modules["sqlalchemy.exc"].SQLAlchemyError = SQLAlchemyError
sys.modules["sqlalchemy.exc"].ProgrammingError = ProgrammingError
sys.path.insert(0, "components/roles/triggerQueues")
import stranded  # noqa: E402


def model(**members):
    """Returns a class as Airflow has it, with a list of its calls."""
    calls = []

    def assign_unassigned(cls, *args, **named):
        calls.append((args, named))
        return "assigned"

    members = {"assign_unassigned": classmethod(assign_unassigned), "__module__": "airflow.models.trigger", **members}
    return type("Trigger", (), members), calls


class StrandedTest(unittest.TestCase):
    def setUp(self):
        self.now = 1000
        clock = types.SimpleNamespace(monotonic=lambda: self.now)
        self.adopt = self.enterContext(mock.patch.object(stranded, "adopt"))
        self.enterContext(mock.patch.object(stranded, "time", clock))

    def looks(self, trigger, *seconds):
        """Returns how often a triggerer has looked for stranded triggers after each of these seconds."""
        begun, counts = self.now, []
        for second in seconds:
            self.now = begun + second
            trigger.assign_unassigned(1)
            counts.append(self.adopt.call_count)
        return counts

    def test_a_triggerer_looks_at_its_start_and_every_30_s(self):
        trigger, calls = model()
        stranded.install(None, trigger)
        self.assertEqual(self.looks(trigger, 0, 1, 29, 30, 59, 61), [1, 1, 1, 2, 2, 3])
        self.assertEqual(len(calls), 6)

    def test_arguments_and_result_are_passed_on(self):
        trigger, calls = model()
        stranded.install(None, trigger)
        self.assertEqual(trigger.assign_unassigned(1, 2, 30, queues={"a"}), "assigned")
        self.assertEqual(calls, [((1, 2, 30), {"queues": {"a"}})])

    def test_a_database_that_does_not_answer_is_asked_again(self):
        # A server that has just become a replica, for example.
        self.adopt.side_effect = InternalError
        trigger, calls = model()
        stranded.install(None, trigger)
        with self.assertLogs(stranded.log, "WARNING") as logs:
            self.assertEqual(self.looks(trigger, 0, 1, 30), [1, 1, 2])
        self.assertEqual((len(logs.output), len(calls)), (2, 3))

    def test_an_airflow_that_is_built_differently_is_left_alone_with_one_line(self):
        for error in (AttributeError("queue"), ProgrammingError("no such column")):
            self.adopt.reset_mock()
            self.adopt.side_effect = error
            trigger, calls = model()
            stranded.install(None, trigger)
            with self.assertLogs(stranded.log, "WARNING") as logs:
                self.assertEqual(self.looks(trigger, 0, 30, 10_000), [1, 1, 1])
            self.assertEqual((len(logs.output), len(calls)), (1, 3))

    def test_a_trigger_without_the_function_is_left_alone(self):
        trigger = type("Trigger", (), {"__module__": "airflow.models.trigger"})
        with self.assertLogs(stranded.log, "WARNING") as logs:
            stranded.install(None, trigger)
        self.assertEqual(len(logs.output), 1)
        self.assertFalse(hasattr(trigger, "assign_unassigned"))

    def test_other_classes_are_left_alone(self):
        other, _ = model(__module__="dags.triggers")
        stranded.install(None, other)
        self.assertEqual(self.looks(other, 0), [0])


if __name__ == "__main__":
    unittest.main()
