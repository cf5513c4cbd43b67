"""Connects to the broker, which has the workers' leases: a hash with a field for each worker.

A lease names the Celery tasks that its worker holds. The worker renews it while the broker answers. The scheduler notes when each
lease last changed, by its own clock.
"""

import contextlib

LEASES = "airflow-leases"
# Hash with the starts that workers gave up, by id of the task instance; the webserver may have marked such a task as running.
GIVEN_UP = "airflow-starts-given-up"
# Seconds after the last entry at which the hash expires.
GIVEN_UP_EXPIRY = 3600


def start_of(user, pid):
    """Returns the name of a task's start in a process of an instance's user."""
    return f"{user} {pid}"


@contextlib.contextmanager
def client_of(app):
    """Yields a Redis client of the broker, with the timeouts, TLS and Sentinel of Celery's transport."""
    with app.connection_for_write() as connection, connection.channel() as channel:
        yield channel.client
