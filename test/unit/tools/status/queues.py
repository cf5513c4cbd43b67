"""Runs `tools/lib/status/queues.py` with a database of 450 waiting runs and 3 groups of tasks; prints its output."""

import builtins
import io
import re
import runpy
import sys
import types

REAL = builtins.open
ROWS = {"dag_run r": 450, "task_instance t JOIN": 3}


class Cursor:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def execute(self, query):
        self.found = []
        self.one = (None,) if "to_regclass" in query else None
        names = re.findall(r" AS (total|dag|run)\b", query)
        self.description = [types.SimpleNamespace(name=name) for name in names]
        for table, total in ROWS.items():
            if f"FROM {table}" in query:
                listed = min(total, int(re.search(r"LIMIT (\d+)", query)[1]))
                self.found = [tuple({"total": total}.get(name, f"{name}-{at}") for name in names) for at in range(listed)]

    def fetchone(self):
        return self.one

    def fetchall(self):
        return self.found

    def __iter__(self):
        return iter(self.found)


class Connection(Cursor):
    def cursor(self):
        return Cursor()


sys.modules["psycopg2"] = types.SimpleNamespace(connect=lambda _: Connection())
sys.modules["redis"] = types.SimpleNamespace(
    RedisError=OSError, Redis=types.SimpleNamespace(from_url=lambda *_, **__: None)
)
builtins.open = lambda path, *rest: io.StringIO("secret") if path.startswith("/run/secrets/") else REAL(path, *rest)
runpy.run_path(sys.argv[1])
