"""Renews the lease of a worker in the broker."""

import contextlib
import json
import logging
import threading
import time

from airflow.utils.net import get_hostname
from airflow_on_celery import clock
from airflow_on_celery.broker import LEASES, client_of
from airflow_on_celery.timings import FENCE, RENEWAL
from celery.worker import state

log = logging.getLogger(__name__)


def queues_of(consumer):
    """Returns the names of the queues that a worker reads."""
    reader = consumer.task_consumer
    return sorted(queue.name for queue in reader.queues) if reader else []


def places_of(worker):
    """Returns the maximum number of concurrent tasks of a worker."""
    return worker.autoscaler.max_concurrency if worker.autoscaler else worker.concurrency


def held_tasks():
    """Returns the ids of the Celery tasks that this worker runs or has prefetched."""
    while True:
        with contextlib.suppress(RuntimeError):  # The worker changed a set meanwhile.
            return sorted({request.id for request in [*state.active_requests, *state.reserved_requests]})


class Lease(threading.Thread):
    """Thread that renews the lease; the worker's event loop may block on the broker."""

    def __init__(self, consumer):
        super().__init__(name="lease", daemon=True)
        self.app = consumer.app
        self.node = consumer.hostname
        self.consumer = consumer
        # Held while the lease changes; a lease that is removed is not renewed any more.
        self.changing = threading.Lock()
        self.removed = False
        # Host of this worker's task instances in the database.
        self.host = get_hostname()
        # Time of the last renewal, by the clock of leases.
        self.renewed = clock.lease()
        # Time of the first renewal after the last silence for which tasks are killed.
        self.resumed = float("-inf")

    def age(self):
        """Returns the seconds since the last successful renewal."""
        return clock.lease() - self.renewed

    def run(self):
        while True:
            try:
                with client_of(self.app) as client:
                    while True:
                        self.renew(client)
                        time.sleep(RENEWAL)
            except Exception as error:
                log.warning("Renewing the lease failed; the last renewal was %.0f s ago: %s", self.age(), error)
            time.sleep(1)

    def renew(self, client):
        started = clock.lease()
        lease = {
            "at": started,
            "host": self.host,
            "tasks": held_tasks(),
            # Read by the canary: a worker that stops finishes its tasks, and answers to no remote control.
            "stopping": state.should_stop is not None,
            # Read by the monitoring.
            "active": len(state.active_requests),
            "places": places_of(self.consumer.controller),
            "queues": queues_of(self.consumer),
        }
        with self.changing:
            if not self.removed:
                client.hset(LEASES, self.node, json.dumps(lease))
        if started - self.renewed > FENCE:
            self.resumed = clock.now()
        self.renewed = started

    def remove(self):
        """Removes the lease, so that the scheduler does not wait until it expires."""
        with client_of(self.app) as client, self.changing:
            self.removed = True
            client.hdel(LEASES, self.node)
