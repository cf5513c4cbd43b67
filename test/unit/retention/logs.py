"""Tests of components/retention/retention.py, with folders of logs."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

sys.path.insert(0, "components/retention")
import retention  # noqa: E402

DAY = 86_400


class LogsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.logs = pathlib.Path(self.folder.name)
        self.now = time.time()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, days, size=10):
        file = self.logs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
        os.utime(file, times=(self.now - days * DAY,) * 2)

    def left(self):
        return sorted(str(path.relative_to(self.logs)) for path in self.logs.rglob("*"))

    def test_old_logs_are_removed_and_empty_folders_a_day_later(self):
        self.write("dag_id=a/run_id=1/attempt=1.log", 31)
        self.write("dag_id=a/run_id=2/attempt=1.log", 29)
        self.write("dag_processor/2026-01-01/a.py.log", 3)
        self.write("dag_processor_manager/log", 1)
        os.utime(self.logs / "dag_id=a/run_id=1", times=(self.now - 2 * DAY,) * 2)
        self.assertEqual(retention.remove_logs(self.logs, 30, self.now, lambda _: 0), (2, 20))
        self.assertEqual(
            self.left(),
            # A folder that has just lost its file may be about to get another one.
            [
                "dag_id=a",
                "dag_id=a/run_id=1",
                "dag_id=a/run_id=2",
                "dag_id=a/run_id=2/attempt=1.log",
                "dag_processor",
                "dag_processor/2026-01-01",
                "dag_processor_manager",
                "dag_processor_manager/log",
            ],
        )
        retention.remove_empty_folders(self.logs, self.now + 2 * DAY)
        self.assertEqual(
            self.left(),
            [
                "dag_id=a",
                "dag_id=a/run_id=2",
                "dag_id=a/run_id=2/attempt=1.log",
                "dag_processor_manager",
                "dag_processor_manager/log",
            ],
        )

    def test_a_nearly_full_volume_loses_its_oldest_logs(self):
        for days in (0.5, 2, 3, 4):
            self.write(f"dag_id=a/{days}.log", days)
        self.assertEqual(retention.remove_logs(self.logs, 30, self.now, lambda _: 15), (2, 20))
        self.assertEqual(self.left(), ["dag_id=a", "dag_id=a/0.5.log", "dag_id=a/2.log"])
        # The last day stays, however full the volume is.
        retention.remove_logs(self.logs, 30, self.now, lambda _: 1000)
        self.assertEqual(self.left(), ["dag_id=a", "dag_id=a/0.5.log"])

    def test_of_logs_that_are_kept_forever_only_those_of_dag_processing_are_removed(self):
        self.write("dag_id=a/run_id=1/attempt=1.log", 3000)
        self.write("dag_processor/2026-01-01/a.py.log", 3)
        self.assertEqual(retention.remove_logs(self.logs, retention.FOREVER, self.now, lambda _: 1000), (1, 10))
        self.assertIn("dag_id=a/run_id=1/attempt=1.log", self.left())

    def test_a_shared_volume_is_cleaned_once_an_hour(self):
        looks = [retention.is_due(self.logs, self.now + later) for later in (0, 1800, 3600)]
        self.assertEqual(looks, [True, False, True])
        self.assertEqual(retention.remove_logs(self.logs, 30, self.now + 40 * DAY, lambda _: 0), (0, 0))

    def test_a_clock_that_was_ahead_once_does_not_stop_the_removal(self):
        retention.is_due(self.logs, self.now)
        self.assertTrue(retention.is_due(self.logs, self.now - 400 * DAY))

    def test_a_shell_sleeps_between_the_steps(self):
        # Stands for the shell that replaces the program, with a sleep that is over at once.
        def shell(name, *args):
            steps.append(args[-1].split()[1:2] + args[-1].split()[-2:] + [score.read_text()])
            subprocess.run([name, *args[1:-1], "sleep() { :; }; " + args[-1]], check=True, stdout=subprocess.DEVNULL)

        steps, working = [], []
        score = self.logs / "oom_score_adj"
        score.write_text("300\n")
        with (
            mock.patch("os.execlp", shell),
            mock.patch("sys.executable", "true"),
            mock.patch.object(retention, "OOM_SCORE", score),
            mock.patch.object(retention, "attempt", lambda *_: working.append(score.read_text())),
        ):
            retention.main("logs", "300")
            retention.main("records", "300")
        self.assertEqual(steps, [["600;", "records", "300", "300"], ["3000;", "logs", "300", "300"]])
        # The kernel kills the work first, and the shell no sooner than the role.
        self.assertEqual(working, ["1000", "1000"])


if __name__ == "__main__":
    unittest.main()
