"""Looks into the database and the broker from a scheduler's container: prints JSON, see `Held` in `queues.ts`.

The database names the queues; the broker may hold more messages than it knows of. Without Airflow and SQLAlchemy, which
take seconds to import.
"""

import contextlib
import json
import os

import psycopg2
import redis

# Suffixes of the lists that the transport keeps for a queue, one for each priority.
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
# Most runs, and most kinds of waiting tasks, that are listed; `total` counts all.
MOST = 200
# The canary's own queues come and go.
QUEUES = """SELECT queue, count(*), extract(epoch FROM now() - min(queued_dttm))::float FROM task_instance
    WHERE state = 'queued' AND pool <> 'airflow_on_celery.canary' AND queue IS NOT NULL GROUP BY queue"""
# Runs that are queued, and those of a paused DAG that have no task on its way.
RUNS = f"""SELECT count(*) OVER () AS total, r.dag_id AS dag, r.run_id AS run, d.is_paused AS paused, d.max_active_runs AS most,
        (SELECT count(*) FROM dag_run a WHERE a.dag_id = r.dag_id AND a.state = 'running') AS active,
        extract(epoch FROM now() - coalesce(r.start_date, r.queued_at))::float AS seconds
    FROM dag_run r JOIN dag d ON d.dag_id = r.dag_id
    WHERE d.dag_id <> 'airflow_on_celery.canary' AND (r.state = 'queued' OR r.state = 'running' AND d.is_paused
        AND NOT EXISTS (SELECT 1 FROM task_instance t WHERE t.dag_id = r.dag_id AND t.run_id = r.run_id
            AND t.state IN ('scheduled', 'queued', 'running')))
    ORDER BY seconds DESC LIMIT {MOST}"""
TASKS = f"""SELECT count(*) OVER () AS total, t.dag_id AS dag, t.run_id AS run, t.state, t.queue, t.pool, d.is_paused AS paused,
        count(*) AS tasks,
        d.max_active_tasks AS most, (SELECT count(*) FROM task_instance a
            WHERE a.dag_id = t.dag_id AND a.run_id = t.run_id AND a.state IN ('queued', 'running')) AS active,
        extract(epoch FROM now() - min(coalesce(t.queued_dttm, t.updated_at)))::float AS seconds
    FROM task_instance t JOIN dag d ON d.dag_id = t.dag_id
    WHERE t.state IN ('scheduled', 'queued') AND d.dag_id <> 'airflow_on_celery.canary'
    GROUP BY t.dag_id, t.run_id, t.state, t.queue, t.pool, d.is_paused, d.max_active_tasks ORDER BY seconds DESC LIMIT {MOST}"""
POOLS = """SELECT p.pool, p.slots, (SELECT coalesce(sum(pool_slots), 0) FROM task_instance t WHERE t.pool = p.pool
    AND (t.state IN ('queued', 'running') OR t.state = 'deferred' AND p.include_deferred)) AS taken FROM slot_pool p"""
# Airflow 2 has no bundles.
HAS_BUNDLES = "SELECT to_regclass('dag_bundle')"
BUNDLES = """SELECT name, version AS revision, extract(epoch FROM now() - last_refreshed)::float AS seconds
    FROM dag_bundle WHERE active ORDER BY name"""
PROOF = "SELECT dttm, extra FROM log WHERE event = 'airflow_on_celery.canary' ORDER BY id DESC LIMIT 1"


# Settings of the broker's TLS, by the client's names for them.
TLS = {
    "ssl_ca_certs": "AIRFLOW__CELERY__SSL_CACERT",
    "ssl_certfile": "AIRFLOW__CELERY__SSL_CERT",
    "ssl_keyfile": "AIRFLOW__CELERY__SSL_KEY",
}


def broker_of(url):
    files = {name: os.environ[variable] for name, variable in TLS.items() if variable in os.environ}
    return redis.Redis.from_url(url, **(files if url.startswith("rediss:") else {}))


def secret(name):
    with open(f"/run/secrets/{name}") as file:
        return file.read().strip()


def rows(cursor, query):
    cursor.execute(query)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def longest(cursor, query):
    """Returns the rows that have waited longest, and the number of the others."""
    found = rows(cursor, query)
    totals = [row.pop("total") for row in found]
    return found, max(totals, default=0) - len(found)


with psycopg2.connect(secret("sql_alchemy_conn").replace("+psycopg2", "", 1)) as connection, connection.cursor() as cursor:
    # For this transaction alone: PgBouncer hands its connection to others afterwards.
    cursor.execute("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '10s'")
    cursor.execute(PROOF)
    proof = cursor.fetchone()
    cursor.execute(QUEUES)
    queues = cursor.fetchall()
    cursor.execute(HAS_BUNDLES)
    bundles = rows(cursor, BUNDLES) if cursor.fetchone()[0] else []
    (runs, more_runs), (tasks, more_tasks) = longest(cursor, RUNS), longest(cursor, TASKS)
    pools = {row["pool"]: [row["slots"], int(row["taken"])] for row in rows(cursor, POOLS)}
held = {queue: count for queue, count, _ in queues}
# Behind Sentinel the database alone counts.
with contextlib.suppress(ValueError, redis.RedisError):
    broker = broker_of(secret("broker_url"))
    for queue, count in held.items():
        held[queue] = max(count, sum(broker.llen(queue + suffix) for suffix in PRIORITIES))
last = proof and {"at": proof[0].isoformat(), **json.loads(proof[1])}
oldest = {queue: seconds for queue, _, seconds in queues}
found = {"held": held, "oldest": oldest, "runs": runs, "tasks": tasks, "unlisted": more_runs + more_tasks, "pools": pools}
print(json.dumps({**found, "bundles": bundles, "proof": last}))
