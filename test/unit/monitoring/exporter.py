"""Tests of components/monitoring/exporter.py, with a broker and a database in place of the real ones."""

import json
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import threading
import types
import unittest
from unittest import mock

SOURCES = pathlib.Path("components/monitoring")
FAMILIES = json.loads(os.environ["FAMILIES"])
SETTINGS = {
    "queues": ["default"],
    "connections": 40,
    "certificates": {"publish.certificate": 2_000_000_000},
    "volumes": {"logs": ["/tmp"], "engine": ["/", "/etc/hosts"]},
    "leases": True,
    "triggerers": ["triggerer-eu", "triggerer-eu-2"],
    "canary": True,
    "backup": True,
    "continuous": True,
}


def message(task):
    return json.dumps({"properties": {"correlation_id": task}}).encode()


def lease(**fields):
    return json.dumps({"at": 1, "host": "w", "tasks": [], **fields}).encode()


class Redis:
    """Broker with two waiting messages in a queue, one message that a worker took, and two workers."""

    lists = {"default": [message("b"), message("a")], "gpu": [message("g")]}

    @staticmethod
    def from_url(_url, **_):
        return Redis()

    def llen(self, name):
        return len(self.lists.get(name, []))

    def lindex(self, name, at):
        return self.lists[name][at] if self.lists.get(name) else None

    def lrange(self, name, _first, _last):
        return self.lists.get(name, [])

    def hvals(self, _name):
        return [json.dumps([json.loads(message("t")), "default", "default"]).encode()]

    def hgetall(self, _name):
        return {
            b"watch": b"1",
            b"celery@worker-1": lease(active=1, places=4, queues=["default", "airflow_on_celery.canary.1"]),
            b"celery@worker-2": lease(active=0, places=4, queues=[]),
            # The lease of a worker of another version of the project.
            b"celery@worker-3": lease(),
        }

    def info(self):
        return {"used_memory": 10, "maxmemory": 100, "aof_last_write_status": "err"}


class Result(list):
    all = list.copy


class Connection:
    def execute(self, query, values=None):
        return Result(self.answer(query, values or {}))

    def answer(self, query, values):
        if "external_executor_id" in query:
            return [("default", "a", 400), ("default", "t", 90), ("late", "lost", 31), ("late", "new", 3)]
        if "latest_heartbeat" in query:
            triggerers = {"triggerer-1": 3, "triggerer-eu-1": 50, "triggerer-eu-7": 40, "triggerer-eu-2": 2, "triggerer-eu-2-1": 9}
            jobs = [("TriggererJob", host, age) for host, age in triggerers.items()]
            return [("SchedulerJob", "scheduler-1", 4), ("SchedulerJob", "scheduler-2", 900), *jobs]
        if "max_connections" in query:
            return [(3, 5)]
        if values.get("event") == "airflow_on_celery.canary":
            return [(1000, json.dumps({"faults": ["x"], "seconds": 7}))]
        if values.get("event") == "airflow_on_celery.moments":
            return [(1000, json.dumps({"to": 990.5, "base": None}))]
        if "GROUP BY state" in query:
            return [("running", 2)]
        return [] if "event = :event" in query else [(3,)]


def text_of(secret):
    return f"redis://u:word@redis/{secret}" if secret == "broker_url" else "postgresql://u:word@postgres/x"


class Engine:
    def begin(self):
        context = mock.MagicMock()
        context.__enter__.return_value = Connection()
        context.__exit__.return_value = False
        return context


def modules():
    """Stands in for packages that only Airflow's image has."""
    sql = types.SimpleNamespace(
        text=str,
        create_engine=lambda *_, **__: Engine(),
        make_url=lambda _: types.SimpleNamespace(username="u"),
    )
    return {"redis": types.SimpleNamespace(Redis=Redis), "sqlalchemy": sql}


class ExporterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name in ("exporter.py", "broker.py", "database.py"):
            shutil.copy(SOURCES / name, cls.folder.name)
        for name, value in {"families": FAMILIES, "settings": SETTINGS}.items():
            (pathlib.Path(cls.folder.name) / f"{name}.json").write_text(json.dumps(value))
        sys.path.insert(0, cls.folder.name)
        sys.modules.update(modules())
        import broker

        broker.secret = text_of
        import database
        import exporter

        database.secret = text_of
        cls.exporter = exporter

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def series(self):
        return {(name, *labels.values()): value for name, labels, value in self.exporter.Exporter().series()}

    def test_every_family_of_the_table_is_exposed_without_passwords(self):
        text = self.exporter.Exporter().metrics()
        families = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        self.assertEqual(families, sorted(FAMILIES))
        self.assertNotIn("word", text)

    def test_a_queue_has_its_length_age_consumers_and_places(self):
        series = self.series()
        self.assertEqual(series["airflow_queue_length", "default"], 2)
        self.assertEqual(series["airflow_queue_oldest_seconds", "default"], 400)
        self.assertEqual(series["airflow_queue_consumers", "default"], 1)
        self.assertEqual(series["airflow_queue_unacknowledged", "default"], 1)
        self.assertEqual(series["airflow_queue_places", "default", "free"], 3)
        self.assertEqual(series["airflow_worker_queues", "worker-1"], 1)
        self.assertEqual(series["airflow_worker_queues", "worker-2"], 0)
        self.assertNotIn(("airflow_worker_queues", "worker-3"), series)
        self.assertFalse(any("canary" in str(label) for key in series for label in key[1:]))
        self.assertEqual(series["airflow_broker_writes",], 0)

    def test_triggerers_of_a_group_have_an_age_of_their_own(self):
        ages = {key[1]: age for key, age in self.series().items() if key[0] == "airflow_heartbeat_age_seconds"}
        self.assertEqual(ages, {"scheduler": 4, "triggerer": 3, "triggerer-eu": 40, "triggerer-eu-2": 2})

    def test_the_connections_of_the_stack_and_the_free_ones_of_the_server_are_exposed(self):
        series = self.series()
        self.assertEqual(series["airflow_database_connections",], 3)
        self.assertEqual(series["airflow_database_connections_free",], 5)

    def test_the_fuller_one_of_an_engines_disks_counts(self):
        free = {"/": 25, "/etc/hosts": 10, "/tmp": 50}
        stat = lambda path: types.SimpleNamespace(f_blocks=100, f_bfree=free[path], f_bavail=free[path])
        with mock.patch.object(os, "statvfs", stat):
            series = self.series()
        self.assertEqual(series["airflow_volume_free_ratio", "engine"], 0.1)
        self.assertEqual(series["airflow_volume_free_ratio", "logs"], 0.5)

    def test_a_queue_that_only_the_database_knows_is_exposed(self):
        exporter = self.exporter.Exporter()
        list(exporter.series())
        queues = {labels["queue"] for name, labels, _ in exporter.series() if name == "airflow_queue_length"}
        self.assertEqual(queues, {"default", "late"})

    def test_a_queue_that_nothing_names_any_more_is_not_exposed(self):
        exporter, answer = self.exporter.Exporter(), Connection.answer

        def without_late(connection, query, values):
            return [row for row in answer(connection, query, values) if row[0] != "late"]

        def exposed():
            return {name for name, labels, _ in exporter.series() if labels.get("queue") == "late"}

        with mock.patch.dict(Redis.lists, {"late": [message("x")]}):
            exposed()
            self.assertIn("airflow_queue_oldest_seconds", exposed())
            with mock.patch.object(Connection, "answer", without_late):
                exposed()
                self.assertEqual(exposed(), set())

    def test_a_client_that_asks_nothing_is_left(self):
        self.assertLessEqual(self.exporter.Handler.timeout, 60)
        with mock.patch.object(self.exporter.Handler, "timeout", 0.1):
            server = self.exporter.ThreadingHTTPServer(("127.0.0.1", 0), self.exporter.Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with socket.create_connection(server.server_address, timeout=30) as client:
                self.assertEqual(client.recv(1), b"")
            server.shutdown()
            server.server_close()

    def test_a_task_without_a_message_counts_as_unsent(self):
        # `a` waits in the queue and `t` is taken; `new` is too young.
        self.assertEqual(self.series()["airflow_tasks_unsent",], 1)

    def test_a_task_of_a_queue_that_is_too_long_to_search_does_not_count_as_unsent(self):
        with mock.patch.dict(Redis.lists, {"late": [message("x")] * 1000}):
            exporter = self.exporter.Exporter()
            list(exporter.series())
            unsent = [value for name, _, value in exporter.series() if name == "airflow_tasks_unsent"]
        self.assertEqual(unsent, [0])

    def test_a_canary_whose_proofs_never_end_has_the_time_0(self):
        answer = Connection.answer

        def without_proofs(connection, query, values):
            return [] if values.get("event") == "airflow_on_celery.canary" else answer(connection, query, values)

        with mock.patch.object(Connection, "answer", without_proofs):
            series = self.series()
        self.assertEqual(series["airflow_canary_time_seconds",], 0)
        self.assertNotIn(("airflow_canary_success",), series)

    def test_moments_that_can_be_restored_are_exposed_and_a_base_that_is_missing_is_0(self):
        series = self.series()
        self.assertEqual(series["airflow_backup_moment_seconds",], 990.5)
        self.assertEqual(series["airflow_backup_base_seconds",], 0)

    def test_a_source_that_fails_leaves_the_other_source_exposed(self):
        with mock.patch.object(Redis, "info", side_effect=OSError("redis://u:word@redis")), mock.patch("builtins.print") as printed:
            series = self.series()
        self.assertEqual(series["airflow_source_up", "broker"], 0)
        self.assertEqual(series["airflow_source_up", "database"], 1)
        self.assertIn(("airflow_import_errors",), series)
        self.assertNotIn("word", str(printed.call_args_list))


if __name__ == "__main__":
    unittest.main()
