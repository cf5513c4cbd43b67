"""Reads the metadata database over one connection, with queries that indexes answer."""

import json
import time

import sqlalchemy
from broker import secret

SECONDS = 5
ROLES = {"SchedulerJob": "scheduler", "TriggererJob": "triggerer", "DagProcessorJob": "dag-processor"}
# The canary is no work of the stack's.
OWN = "pool <> 'airflow_on_celery.canary'"
RUNS = "SELECT state, count(*) FROM dag_run WHERE state IN ('queued', 'running') GROUP BY state"
STATES = ("scheduled", "queued", "running", "deferred", "up_for_retry", "up_for_reschedule", "restarting")
TASKS = f"SELECT state, count(*) FROM task_instance WHERE state = ANY(:states) AND {OWN} GROUP BY state"
QUEUED = f"""SELECT queue, external_executor_id, extract(epoch FROM now() - queued_dttm)
    FROM task_instance WHERE state = 'queued' AND {OWN}"""
UNSENT_SECONDS = 30
LOST = """SELECT count(*) FROM log WHERE dttm > now() - interval '10 minutes'
    AND event = 'heartbeat timeout'"""
HEARTBEATS = """SELECT job_type, extract(epoch FROM now() - max(latest_heartbeat)) FROM job
    WHERE job_type IN ('SchedulerJob', 'TriggererJob', 'DagProcessorJob') GROUP BY job_type"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = ANY(:users)"
SIZE = "SELECT pg_database_size(current_database())"
NOTE = """SELECT extract(epoch FROM dttm), extra FROM log WHERE event = :event ORDER BY id DESC LIMIT 1"""


class Database:
    def __init__(self, about):
        self.about = about
        url = secret("sql_alchemy_conn")
        urls = (url, secret("result_backend").removeprefix("db+"))
        self.users = sorted({sqlalchemy.make_url(one).username for one in urls})
        connect = {"connect_timeout": SECONDS}
        self.engine = sqlalchemy.create_engine(
            url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=connect
        )

    def series(self, broker):
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text(f"SET LOCAL statement_timeout = '{SECONDS}s'"))

            def rows(query, **values):
                return connection.execute(sqlalchemy.text(query), values).all()

            yield from self.work(rows)
            yield from self.queued(rows, broker)
            yield from self.notes(rows)
            ((connections,),) = rows(CONNECTIONS, users=self.users)
            yield "airflow_database_connections", {}, connections
            ((size,),) = rows(SIZE)
            yield "airflow_database_bytes", {}, size

    def work(self, rows):
        runs = dict(map(tuple, rows(RUNS)))
        for state in ("queued", "running"):
            yield "airflow_runs", {"state": state}, runs.get(state, 0)
        tasks = dict(map(tuple, rows(TASKS, states=list(STATES))))
        for state in STATES:
            yield "airflow_tasks", {"state": state}, tasks.get(state, 0)
        for job, age in rows(HEARTBEATS):
            yield "airflow_heartbeat_age_seconds", {"role": ROLES[job]}, age
        ((errors,),) = rows("SELECT count(*) FROM import_error")
        yield "airflow_import_errors", {}, errors
        ((lost,),) = rows(LOST)
        yield "airflow_tasks_lost", {}, lost

    def queued(self, rows, broker):
        """Tells what the database knows of tasks in queues: which have no message, and the age of the oldest messages."""
        found = rows(QUEUED)
        broker.further = {queue for queue, _, _ in found}
        ages = {task: float(age) for _, task, age in found}
        if broker.taken is not None:
            late = {task for task, age in ages.items() if age > UNSENT_SECONDS}
            yield "airflow_tasks_unsent", {}, len(broker.unsent(late))
        now = time.monotonic()
        for queue, (task, since) in broker.oldest.items():
            if task is not None:
                yield "airflow_queue_oldest_seconds", {"queue": queue}, ages.get(task, now - since)

    def notes(self, rows):
        if self.about["canary"]:
            for at, extra in rows(NOTE, event="airflow_on_celery.canary"):
                proof = json.loads(extra)
                yield "airflow_canary_success", {}, not proof["faults"]
                yield "airflow_canary_time_seconds", {}, at
                yield "airflow_canary_duration_seconds", {}, proof["seconds"]
        if self.about["backup"]:
            found = rows(NOTE, event="airflow_on_celery.backup")
            yield "airflow_backup_time_seconds", {}, found[0][0] if found else 0
