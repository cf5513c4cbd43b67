"""Names the hash in the broker that has the leases, with a field for each worker.

A lease names the Celery tasks that its worker holds, and is renewed while the worker reaches the broker. The scheduler
watches when each lease last changed; clocks are not compared.
"""

import contextlib

LEASES = "airflow-leases"


@contextlib.contextmanager
def client_of(app):
    """Returns a Redis client of the broker, with the transport's own timeouts, TLS and Sentinel."""
    with app.connection_for_write() as connection, connection.channel() as channel:
        yield channel.client
