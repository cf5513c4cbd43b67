"""Reads the metadata database over one connection, with queries that use indexes."""

import json
import time

import sqlalchemy
from broker import secret

# Seconds for a connection and for each query.
TIMEOUT = 5
ROLES = {"SchedulerJob": "scheduler", "TriggererJob": "triggerer", "DagProcessorJob": "dag-processor"}
# Excludes the canary's tasks, which are none of the users'.
NOT_CANARY = "pool <> 'airflow_on_celery.canary'"
RUNS = "SELECT state, count(*) FROM dag_run WHERE state IN ('queued', 'running') GROUP BY state"
STATES = ("scheduled", "queued", "running", "deferred", "up_for_retry", "up_for_reschedule", "restarting")
TASKS = f"SELECT state, count(*) FROM task_instance WHERE state = ANY(:states) AND {NOT_CANARY} GROUP BY state"
QUEUED = f"""SELECT queue, external_executor_id, extract(epoch FROM now() - queued_dttm)
    FROM task_instance WHERE state = 'queued' AND {NOT_CANARY}"""
# Seconds in which the scheduler sends the message of a task that it has queued.
UNSENT_SECONDS = 30
# Events of Airflow's scheduler and of the stack's executor, which finds most dead workers first.
LOST_TASKS = """SELECT count(*) FROM log WHERE dttm > now() - interval '10 minutes'
    AND event IN ('heartbeat timeout', 'worker died')"""
HEARTBEATS = """SELECT job_type, hostname, extract(epoch FROM now() - max(latest_heartbeat)) FROM job
    WHERE job_type IN ('SchedulerJob', 'TriggererJob', 'DagProcessorJob') GROUP BY job_type, hostname"""
# Connections of the stack's users, and those that the server accepts besides all present ones; its own processes have no user.
CONNECTIONS = """SELECT count(*) FILTER (WHERE usename = ANY(:users)), current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int - count(usename) FROM pg_stat_activity"""
SIZE = "SELECT pg_database_size(current_database())"
LAST_EVENT = """SELECT extract(epoch FROM dttm), extra FROM log WHERE event = :event ORDER BY id DESC LIMIT 1"""


class Database:
    """Collects the database's series.

    :param settings: `canary`, `backup` and `continuous`: true if the stack has one, and its backups are continuous; `triggerers`:
        names of the services of groups' own triggerers
    """

    def __init__(self, settings):
        self.settings = settings
        url = secret("sql_alchemy_conn")
        urls = (url, secret("result_backend").removeprefix("db+"))
        self.users = sorted({sqlalchemy.make_url(each).username for each in urls})
        connect = {"connect_timeout": TIMEOUT}
        self.engine = sqlalchemy.create_engine(
            url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=connect
        )

    def series(self, broker):
        """Yields the database's series as (family, labels, value).

        :param broker: the `Broker`, whose series were collected before
        """
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text(f"SET LOCAL statement_timeout = '{TIMEOUT}s'"))

            def fetch(query, **values):
                return connection.execute(sqlalchemy.text(query), values).all()

            yield from self.activity(fetch)
            yield from self.queued(fetch, broker)
            yield from self.events(fetch)
            ((connections, free),) = fetch(CONNECTIONS, users=self.users)
            yield "airflow_database_connections", {}, connections
            yield "airflow_database_connections_free", {}, free
            ((size,),) = fetch(SIZE)
            yield "airflow_database_bytes", {}, size

    def activity(self, fetch):
        runs = dict(map(tuple, fetch(RUNS)))
        for state in ("queued", "running"):
            yield "airflow_runs", {"state": state}, runs.get(state, 0)
        tasks = dict(map(tuple, fetch(TASKS, states=list(STATES))))
        for state in STATES:
            yield "airflow_tasks", {"state": state}, tasks.get(state, 0)
        ages = {}
        for job, host, age in fetch(HEARTBEATS):
            # Triggerers of groups read queues of their own, so that others do not stand in for them.
            own = [name for name in self.settings["triggerers"] if f"{host}-".startswith(f"{name}-")]
            role = max(own, key=len, default=ROLES[job])
            ages[role] = min(age, ages.get(role, age))
        for role, age in ages.items():
            yield "airflow_heartbeat_age_seconds", {"role": role}, age
        ((errors,),) = fetch("SELECT count(*) FROM import_error")
        yield "airflow_import_errors", {}, errors
        ((lost,),) = fetch(LOST_TASKS)
        yield "airflow_tasks_lost", {}, lost

    def queued(self, fetch, broker):
        """Yields the series for which the database and the broker are compared: unsent tasks, and ages of oldest messages."""
        tasks = fetch(QUEUED)
        broker.database_queues = {queue for queue, _, _ in tasks}
        ages = {task: float(age) for _, task, age in tasks}
        if broker.held is not None:
            late = {task: queue for queue, task, age in tasks if age > UNSENT_SECONDS}
            yield "airflow_tasks_unsent", {}, len(broker.without_message(late))
        now = time.monotonic()
        for queue, (task, since) in broker.oldest.items():
            if task is not None:
                yield "airflow_queue_oldest_seconds", {"queue": queue}, ages.get(task, now - since)

    def events(self, fetch):
        if self.settings["canary"]:
            proofs = fetch(LAST_EVENT, event="airflow_on_celery.canary")
            yield "airflow_canary_time_seconds", {}, proofs[0][0] if proofs else 0
            for _, extra in proofs:
                proof = json.loads(extra)
                yield "airflow_canary_success", {}, not proof["faults"]
                yield "airflow_canary_duration_seconds", {}, proof["seconds"]
        if self.settings["backup"]:
            backups = fetch(LAST_EVENT, event="airflow_on_celery.backup")
            yield "airflow_backup_time_seconds", {}, backups[0][0] if backups else 0
        if self.settings["continuous"]:
            entries = fetch(LAST_EVENT, event="airflow_on_celery.moments")
            moments = json.loads(entries[0][1]) if entries else {}
            yield "airflow_backup_moment_seconds", {}, moments.get("to") or 0
            yield "airflow_backup_base_seconds", {}, moments.get("base") or 0
