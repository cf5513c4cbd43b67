"""Tests of components/retention/unfinished.py, which needs nothing but Python: its queries run in SQLite."""

import sqlite3
import sys
import unittest

sys.path.insert(0, "components/retention")
import unfinished  # noqa: E402

TABLES = {
    "dag_run": ("id", "dag_id", "run_id", "state"),
    "task_instance": ("id", "dag_id", "run_id", "trigger_id"),
    "task_reschedule": ("id", "ti_id"),
    "xcom": ("id", "dag_id", "run_id"),
    "trigger": ("id",),
    "asset_trigger": ("id", "trigger_id"),
    "job": ("id", "dag_id"),
}
ROWS = {
    "dag_run": [(1, "d", "over", "success"), (2, "d", "open", "running"), (3, "d", "next", "queued"), (4, "e", "over", "failed")],
    "task_instance": [(1, "d", "over", None), (2, "d", "open", 7), (4, "e", "over", None)],
    "task_reschedule": [(1, 1), (2, 2)],
    "xcom": [(1, "d", "over"), (2, "d", "open")],
    "trigger": [(7,), (8,), (9,)],
    "asset_trigger": [(1, 8)],
    "job": [(1, "d")],
}


class UnfinishedTest(unittest.TestCase):
    def test_rows_of_unfinished_work_are_kept(self):
        with sqlite3.connect(":memory:") as database:
            for name, columns in TABLES.items():
                database.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
                database.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", ROWS[name])

            def removable(name):
                sets = {table: set(columns) for table, columns in TABLES.items()}
                where = " AND ".join(f"NOT EXISTS ({query})" for query in unfinished.kept(name, sets)) or "1"
                return [key for (key,) in database.execute(f"SELECT base.id FROM {name} AS base WHERE {where} ORDER BY 1")]

            self.assertEqual(removable("dag_run"), [1, 4])
            self.assertEqual(removable("task_instance"), [1, 4])
            self.assertEqual(removable("task_reschedule"), [1])
            self.assertEqual(removable("xcom"), [1])
            self.assertEqual(removable("trigger"), [9])
            self.assertEqual(removable("job"), [1])


unittest.main()
