"""Tests of components/roles/idle/idle.py, with stubs in the place of Airflow."""

import sys
import time
import types
import unittest
from contextlib import contextmanager
from unittest import mock

runner = types.SimpleNamespace(time=time)
models = [f"airflow.models.{name}" for name in ("asset", "dag", "dagrun", "taskinstance")]
stubs = ("airflow", "airflow.configuration", *models, "airflow.utils.state", "sqlalchemy")
sys.modules.update({name: mock.MagicMock() for name in stubs})
sys.modules["airflow.jobs"] = types.SimpleNamespace(scheduler_job_runner=runner)
sys.path.insert(0, "components/roles/idle")
import idle  # noqa: E402


class Database:
    """Stands in for the counts in the database: one value of a list for each look, and the last value from then on."""

    def __init__(self, *values, are_runs_running=False):
        self.values = list(values)
        self.are_runs_running = are_runs_running

    @contextmanager
    def open_counts(self):
        yield lambda: (self.values.pop(0) if len(self.values) > 1 else self.values[0], self.are_runs_running)


class Queue:
    """Stands in for the number of waiting tasks: one value, or error, of a list for each look, and the last one from then on."""

    def __init__(self, *values):
        self.values = list(values)

    @contextmanager
    def open(self):
        yield self.look

    def look(self):
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value


class Clock:
    """Stands in for the module `time`: only sleeps take time."""

    now = 0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def seconds(sleeper, asked=1):
    begun = time.monotonic()
    sleeper.sleep(asked)
    return time.monotonic() - begun


class SleeperTest(unittest.TestCase):
    def test_a_sleep_lasts_its_whole_time_while_no_count_changes(self):
        sleeper = idle.Sleeper(Database(1).open_counts)
        sleeper.sleep(1)
        self.assertGreaterEqual(seconds(sleeper), 1)

    def test_a_sleep_is_short_while_a_run_is_running(self):
        sleeper = idle.Sleeper(Database(1, are_runs_running=True).open_counts)
        sleeper.sleep(0.2)
        slept = seconds(sleeper, 60)
        self.assertGreaterEqual(slept, idle.LONGEST_BESIDE_RUNS)
        self.assertLess(slept, 30)

    def test_a_sleep_ends_at_the_next_heartbeat(self):
        sleeper = idle.Sleeper(Database(1).open_counts, longest=0.5)
        sleeper.sleep(0.2)
        slept = seconds(sleeper, 60)
        self.assertGreaterEqual(slept, 0.5)
        self.assertLess(slept, 30)

    def test_a_changed_count_ends_the_sleep(self):
        sleeper = idle.Sleeper(Database(1, 1, 1, 2).open_counts)
        sleeper.sleep(1)
        self.assertLess(seconds(sleeper, 60), 30)

    def test_a_count_that_changed_between_two_sleeps_ends_the_second(self):
        database = Database(1)
        sleeper = idle.Sleeper(database.open_counts)
        sleeper.sleep(0.2)
        database.values = [2]
        self.assertLess(seconds(sleeper, 60), 30)

    def test_a_queued_task_ends_the_next_sleep_even_if_the_task_has_ended(self):
        sleeper = idle.Sleeper(Database(1).open_counts)
        sleeper.sleep(0.2)
        sleeper.wake_soon()
        self.assertLess(seconds(sleeper, 60), 30)

    def test_a_sleep_lasts_at_least_a_pause(self):
        self.assertGreaterEqual(seconds(idle.Sleeper(Database(1, 2, 3).open_counts)), idle.INTERVAL)

    def test_a_sleep_shorter_than_a_pause_stays_as_short(self):
        with mock.patch.object(time, "sleep") as sleep:
            idle.Sleeper(Database(1).open_counts).sleep(0)
        sleep.assert_called_once_with(0)

    def test_a_broken_database_makes_the_sleep_as_short_as_beside_runs(self):
        @contextmanager
        def broken():
            raise OSError("gone")
            yield

        with self.assertLogs(level="WARNING") as logs:
            slept = seconds(idle.Sleeper(broken), 60)
        self.assertGreaterEqual(slept, idle.LONGEST_BESIDE_RUNS)
        self.assertLess(slept, 30)
        self.assertIn("gone", logs.output[0])

    def paused(self, queued, sent=20, loop=0.2, slept=None):
        """Returns the seconds of a pause after a loop of some seconds, with a number of waiting tasks for each look."""
        clock = Clock()
        with mock.patch.object(idle, "time", clock):
            sleeper = idle.Sleeper(Database(1).open_counts, open_queued=Queue(*queued).open)
            clock.now += loop
            if slept is not None:
                sleeper.sleep(slept)
            begun = clock.now
            sleeper.pause(sent)
        return round(clock.now - begun, 6)

    def test_a_pause_while_tasks_wait_lasts_twice_as_long_as_the_loop(self):
        self.assertEqual(self.paused([30]), 0.4)

    def test_a_pause_has_a_longest_time(self):
        self.assertEqual(self.paused([30], loop=60), 0.5)

    def test_a_pause_ends_when_few_tasks_wait(self):
        self.assertEqual(self.paused([30, 30, 7]), 0.2)

    def test_there_is_no_pause_while_workers_take_every_task(self):
        self.assertEqual(self.paused([7]), 0)

    def test_few_tasks_are_not_counted(self):
        self.assertEqual(self.paused([30], sent=7), 0)

    def test_a_pause_counts_a_loop_from_the_end_of_the_last_sleep(self):
        self.assertEqual(self.paused([30], loop=60, slept=0), 0)

    def test_a_broken_database_means_no_pause(self):
        with self.assertLogs(level="WARNING") as logs:
            self.assertEqual(self.paused([OSError("gone")]), 0)
        self.assertIn("gone", logs.output[0])

    def test_only_the_scheduler_gets_the_sleeper(self):
        idle.install()
        self.assertIsNot(runner.time.sleep, time.sleep)
        self.assertIs(runner.time.monotonic, time.monotonic)


unittest.main()
