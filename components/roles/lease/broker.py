"""Names the hash in the broker that has the leases, with a field for each worker.

A lease names the Celery tasks that its worker holds, and is renewed while the worker reaches the broker. The scheduler
watches when each lease last changed; clocks are not compared.
"""

import contextlib

LEASES = "airflow-leases"
# Hash with the starts that workers gave up, by id of the task instance: the webserver may have noted them all the same.
GIVEN_UP = "airflow-starts-given-up"
# Seconds after which the hash is removed unless a worker adds to it.
KEPT = 3600


def start_of(host, pid):
    """Names the start of a task in a process of a host."""
    return f"{host} {pid}"


@contextlib.contextmanager
def client_of(app):
    """Returns a Redis client of the broker, with the transport's own timeouts, TLS and Sentinel."""
    with app.connection_for_write() as connection, connection.channel() as channel:
        yield channel.client
