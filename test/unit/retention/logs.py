"""Tests of components/retention/retention.py, with folders of logs."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import tracemalloc
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

    def test_of_logs_of_one_hour_only_as_many_as_needed_are_removed(self):
        for name in "abc":
            self.write(f"dag_id=a/{name}.log", 3)
        self.write("dag_id=a/older.log", 4)
        self.assertEqual(retention.remove_logs(self.logs, 30, self.now, lambda _: 25), (3, 30))
        self.assertEqual(len(self.left()), 2)

    def test_the_memory_does_not_grow_with_the_number_of_logs(self):
        for run in range(100):
            for attempt in range(50):
                self.write(f"dag_id=a/run_id={run}/{attempt}.log", 2 + run % 10)
        tracemalloc.start()
        self.assertEqual(retention.remove_logs(self.logs, 10.5, self.now, lambda _: 3000), (800, 8000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # A path takes 200 bytes at least.
        self.assertLess(peak, 5000 * 50)

    def test_a_shell_goes_on_if_a_step_is_killed(self):
        # Stand for Python, and for the sleep of the shell, which ends with the second round.
        steps, python = self.logs / "steps", self.logs / "python"
        python.write_text(f'#!/bin/sh\necho "$4" >> {steps}\nkill -9 $$\n')
        python.chmod(0o755)
        sleep = f'sleep() {{ echo "$1" >> {steps}; test $(grep -c 0 {steps}) -lt 5 || exit 7; }}; '
        with mock.patch("os.nice"), mock.patch("os.execlp") as execute, mock.patch("sys.executable", str(python)):
            execute.side_effect = SystemExit
            with mock.patch("random.randint", lambda *_: 0), self.assertRaises(SystemExit):
                retention.main()
        shell = subprocess.run(["sh", "-c", sleep + execute.call_args.args[-1]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(shell.returncode, 7)
        self.assertEqual(steps.read_text().split(), ["0", "logs", "600", "records", "3000", "logs", "600", "records", "3000"])
        self.assertEqual(shell.stdout.splitlines()[0], "retention: the removal of logs was ended, next attempt in 3600 s")

    def test_the_kernel_kills_a_step_before_the_role(self):
        score, working = self.logs / "oom_score_adj", []
        with (
            mock.patch.object(retention, "OOM_SCORE", score),
            mock.patch.object(retention, "attempt", lambda *_: working.append(score.read_text())),
        ):
            for step in ("logs", "records"):
                score.write_text("300")
                retention.main(step)
        self.assertEqual(working, ["1000", "1000"])

    def test_a_program_for_records_that_was_killed_is_told(self):
        program = self.logs / "records.py"
        program.write_text("import os; os.kill(os.getpid(), 9)")
        said = io.StringIO()
        with mock.patch.object(retention, "RECORDS", program), contextlib.redirect_stdout(said):
            retention.attempt(retention.clean_records)
        self.assertRegex(said.getvalue(), "clean_records failed, next attempt in 3600 s: .*SIGKILL")


if __name__ == "__main__":
    unittest.main()
