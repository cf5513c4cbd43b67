"""Tests of components/roles/idle/idle.py, with stubs in the place of Airflow."""

import sys
import time
import types
import unittest
from contextlib import contextmanager
from unittest import mock

runner = types.SimpleNamespace(time=time)
stubs = ("airflow", "airflow.models.dagrun", "airflow.models.taskinstance", "airflow.utils.state", "sqlalchemy")
sys.modules.update({name: mock.MagicMock() for name in stubs})
sys.modules["airflow.jobs"] = types.SimpleNamespace(scheduler_job_runner=runner)
sys.path.insert(0, "components/roles/idle")
import idle  # noqa: E402


class Database:
    """Counts whose values are those of a list, one for each look, and the last one for all further looks."""

    def __init__(self, *values):
        self.values = list(values)

    @contextmanager
    def open_counts(self):
        yield lambda: self.values.pop(0) if len(self.values) > 1 else self.values[0]


def seconds(sleeper, asked=1):
    begun = time.monotonic()
    sleeper.sleep(asked)
    return time.monotonic() - begun


class SleeperTest(unittest.TestCase):
    def test_sleeps_as_long_as_it_is_told_while_nothing_changes(self):
        sleeper = idle.Sleeper(Database(1).open_counts)
        sleeper.sleep(1)
        self.assertGreaterEqual(seconds(sleeper), 1)

    def test_wakes_when_a_count_changes(self):
        sleeper = idle.Sleeper(Database(1, 1, 1, 2).open_counts)
        sleeper.sleep(1)
        self.assertLess(seconds(sleeper, 60), 30)

    def test_a_change_since_the_last_sleep_counts(self):
        database = Database(1)
        sleeper = idle.Sleeper(database.open_counts)
        sleeper.sleep(0.2)
        database.values = [2]
        self.assertLess(seconds(sleeper, 60), 30)

    def test_wakes_soon_after_a_task_was_queued_even_if_it_has_ended_since(self):
        sleeper = idle.Sleeper(Database(1).open_counts)
        sleeper.sleep(0.2)
        sleeper.wake_soon()
        self.assertLess(seconds(sleeper, 60), 30)

    def test_never_less_than_a_pause(self):
        self.assertGreaterEqual(seconds(idle.Sleeper(Database(1, 2, 3).open_counts)), idle.INTERVAL)

    def test_a_sleep_shorter_than_a_pause_stays_as_short(self):
        with mock.patch.object(time, "sleep") as sleep:
            idle.Sleeper(Database(1).open_counts).sleep(0)
        sleep.assert_called_once_with(0)

    def test_a_silent_database_costs_no_more_than_the_sleep(self):
        @contextmanager
        def broken():
            raise OSError("gone")
            yield

        with self.assertLogs(level="WARNING") as logs:
            self.assertGreaterEqual(seconds(idle.Sleeper(broken)), 1)
        self.assertIn("gone", logs.output[0])

    def test_only_the_scheduler_sleeps_so(self):
        idle.install()
        self.assertIsNot(runner.time.sleep, time.sleep)
        self.assertIs(runner.time.monotonic, time.monotonic)


unittest.main()
