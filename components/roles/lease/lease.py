"""Renews the lease of a worker."""

import contextlib
import json
import logging
import threading
import time

from airflow.utils.net import get_hostname
from airflow_on_celery.broker import LEASES, client_of
from airflow_on_celery.timings import RENEWAL
from celery.worker import state

log = logging.getLogger(__name__)


def queues_of(consumer):
    """Returns the names of the queues that a worker reads."""
    reader = consumer.task_consumer
    return sorted(queue.name for queue in reader.queues) if reader else []


def places_of(worker):
    """Returns the number of tasks that a worker runs at most."""
    return worker.autoscaler.max_concurrency if worker.autoscaler else worker.concurrency


def held():
    """Returns the ids of the Celery tasks that run here, or were taken from a queue and wait for a place."""
    while True:
        with contextlib.suppress(RuntimeError):  # The sets changed while they were read.
            return sorted({request.id for request in [*state.active_requests, *state.reserved_requests]})


class Lease(threading.Thread):
    """Renews from a thread of its own: the event loop may wait for the broker."""

    def __init__(self, consumer):
        super().__init__(name="lease", daemon=True)
        self.app = consumer.app
        self.node = consumer.hostname
        self.consumer = consumer
        # The host name that tasks of this worker have in the database.
        self.host = get_hostname()
        self.renewed = time.monotonic()

    def age(self):
        """Returns the seconds since the broker last took the lease."""
        return time.monotonic() - self.renewed

    def run(self):
        while True:
            try:
                with client_of(self.app) as client:
                    while True:
                        self.renew(client)
                        time.sleep(RENEWAL)
            except Exception as error:
                log.warning("The lease is %.0f s old: %s", self.age(), error)
            time.sleep(1)

    def renew(self, client):
        begun = time.monotonic()
        lease = {
            "at": begun,
            "host": self.host,
            "tasks": held(),
            # For the monitoring.
            "active": len(state.active_requests),
            "places": places_of(self.consumer.controller),
            "queues": queues_of(self.consumer),
        }
        client.hset(LEASES, self.node, json.dumps(lease))
        self.renewed = begun

    def end(self):
        """Removes the lease, so that the scheduler does not wait for this worker."""
        with client_of(self.app) as client:
            client.hdel(LEASES, self.node)
