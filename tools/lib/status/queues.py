"""Counts what waits in each queue, from a scheduler's container: prints JSON, tasks by queue, and the line of the last proof.

The database names the queues; the broker may hold more messages than it knows of. Without Airflow, which takes seconds to import.
"""

import contextlib
import json
import os

import redis
import sqlalchemy

# Suffixes of the lists that the transport keeps for a queue, one for each priority.
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
# The canary's own queues come and go.
QUERY = """SELECT queue, count(*) FROM task_instance
    WHERE state = 'queued' AND pool <> 'airflow_on_celery.canary' GROUP BY queue"""

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


engine = sqlalchemy.create_engine(secret("sql_alchemy_conn"), poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    proof = connection.execute(sqlalchemy.text(PROOF)).first()
    held = {queue: count for queue, count in connection.execute(sqlalchemy.text(QUERY)) if queue}
# Behind Sentinel the database alone counts.
with contextlib.suppress(ValueError, redis.RedisError):
    broker = broker_of(secret("broker_url"))
    for queue, count in held.items():
        held[queue] = max(count, sum(broker.llen(queue + suffix) for suffix in PRIORITIES))
last = proof and {"at": proof[0].isoformat(), **json.loads(proof[1])}
print(json.dumps({"held": held, "proof": last}))
