"""Tests of components/roles/results/plain.py, which needs nothing but Python."""

import datetime
import os
import pickle
import sys
import tempfile
import unittest

sys.path.insert(0, "components/roles/results")
import plain  # noqa: E402


class Attack:
    """Object whose pickle runs a command while it is read."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class PlainTest(unittest.TestCase):
    def test_plain_values_stay(self):
        for value in (None, True, 1, 1.5, "a", b"b", [1, ["a"]], (1, 2), {"a": {"b": None}}):
            self.assertEqual(plain.loads(plain.dumps(value)), value)
        failure = {"exc_type": "ValueError", "exc_message": ("no", 1), "exc_module": "builtins"}
        self.assertEqual(plain.loads(pickle.dumps(failure, protocol=2)), failure)

    def test_nothing_runs(self):
        with tempfile.TemporaryDirectory() as folder, self.assertLogs(plain.log, "WARNING") as logged:
            self.assertIsNone(plain.loads(pickle.dumps(Attack(f"touch {folder}/ran"))))
            self.assertEqual(os.listdir(folder), [])
        self.assertIn("it names posix.system", logged.output[0])

    def test_other_values_and_damaged_ones_are_left_out(self):
        with self.assertLogs(plain.log, "WARNING"):
            for data in (pickle.dumps(datetime.datetime.now()), b"", b"\x80\x05garbage"):
                self.assertIsNone(plain.loads(data))


unittest.main()
