"""Tests of components/retention/unfinished.py, which needs nothing but Python: its queries run in SQLite."""

import sqlite3
import sys
import unittest

sys.path.insert(0, "components/retention")
import unfinished  # noqa: E402

TABLES = {
    "dag_run": ("id", "dag_id", "run_id", "state", "backfill_id"),
    "task_instance": ("id", "dag_id", "run_id", "trigger_id"),
    "task_reschedule": ("id", "ti_id"),
    "xcom": ("id", "dag_id", "run_id"),
    "trigger": ("id",),
    "asset_trigger": ("id", "trigger_id"),
    "job": ("id", "dag_id"),
    "backfill": ("id",),
    "asset": ("id", "name", "uri"),
    "asset_event": ("id", "asset_id"),
    "asset_alias_asset": ("alias_id", "asset_id"),
    "task_outlet_asset_reference": ("asset_id", "dag_id", "task_id"),
    "dag_schedule_asset_name_reference": ("name", "dag_id"),
    "dag_schedule_asset_uri_reference": ("uri", "dag_id"),
}
ROWS = {
    "dag_run": [
        (1, "d", "over", "success", 1),
        (2, "d", "open", "running", None),
        (3, "d", "next", "queued", None),
        (4, "e", "over", "failed", None),
    ],
    "task_instance": [(1, "d", "over", None), (2, "d", "open", 7), (4, "e", "over", None)],
    "task_reschedule": [(1, 1), (2, 2)],
    "xcom": [(1, "d", "over"), (2, "d", "open")],
    "trigger": [(7,), (8,), (9,)],
    "asset_trigger": [(1, 8)],
    "job": [(1, "d")],
    "backfill": [(1,), (2,)],
    "asset": [(id, f"n{id}", f"u{id}") for id in range(1, 7)],
    "asset_event": [(1, 1)],
    "asset_alias_asset": [(1, 2)],
    "task_outlet_asset_reference": [(3, "d", "t")],
    "dag_schedule_asset_name_reference": [("n4", "d")],
    "dag_schedule_asset_uri_reference": [("u5", "d")],
}


class UnfinishedTest(unittest.TestCase):
    def test_rows_that_are_in_use_are_kept(self):
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
            self.assertEqual(removable("backfill"), [2])
            # An alias alone keeps no asset: tasks may name new ones at each run.
            self.assertEqual(removable("asset"), [2, 6])


unittest.main()
