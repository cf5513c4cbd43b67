"""Watches, from the scheduler, where Celery tasks are: in a queue of the broker, or held by a worker."""

import json
import logging
import threading
import time

from airflow_on_celery.broker import GIVEN_UP, LEASES, client_of, start_of

log = logging.getLogger(__name__)

EVERY = 3
# Seconds after which a task that was not seen, or a lease that was not renewed, is forgotten.
FORGOTTEN = 3600


def id_of(message):
    """Returns the Celery task of a message; None if another program has put the message into the queue."""
    try:
        return json.loads(message)["properties"]["correlation_id"]
    except (ValueError, TypeError, KeyError):
        return None


class Watch(threading.Thread):
    """Notes when each Celery task was last seen, from a thread of its own: a silent broker must not hold the scheduler."""

    def __init__(self, app):
        super().__init__(name="watch", daemon=True)
        self.app = app
        # Celery tasks to look for, and the queues that they may be in.
        self.wanted = set()
        self.queues = set()
        # True if the broker answers, and the time since which it has answered without a gap.
        self.looked = self.since = float("-inf")
        self.seen = {}
        self.leases = {}
        # Starts that workers gave up, by id of the task instance.
        self.given_up = {}
        # Hosts of workers that have, or had, a lease.
        self.hosts = set()

    def run(self):
        while True:
            try:
                with client_of(self.app) as client:
                    self.since = time.monotonic()
                    while True:
                        self.look(client)
                        time.sleep(EVERY)
            except Exception as error:
                log.warning("The broker cannot be watched: %s", error)
            time.sleep(EVERY)

    def look(self, client):
        now = time.monotonic()
        # A broker that takes no writes takes no leases either: then their age says nothing about the workers.
        client.hset(LEASES, "watch", str(now))
        self.renew(client.hgetall(LEASES), now)
        self.given_up = {id.decode(): start.decode() for id, start in client.hgetall(GIVEN_UP).items()}
        ended = [node for node, (_, changed) in self.leases.items() if now - changed > FORGOTTEN]
        if ended:
            client.hdel(LEASES, *ended)
        waiting = self.wanted - {task for task, seen in self.seen.items() if seen == now}
        if waiting:
            self.seen.update(dict.fromkeys(waiting & self.queued(client), now))
        self.looked = now
        self.seen = {task: seen for task, seen in self.seen.items() if now - seen < FORGOTTEN}

    def renew(self, fields, now):
        leases = {field.decode(): value for field, value in fields.items() if field != b"watch"}
        self.leases = {
            node: self.leases[node] if self.leases.get(node, (None,))[0] == value else (value, now)
            for node, value in leases.items()
        }
        for value, changed in self.leases.values():
            lease = json.loads(value)
            # A worker of another version of this project may have other fields.
            if "host" in lease:
                self.hosts.add(lease["host"])
            for task in lease.get("tasks", ()):
                self.seen[task] = max(changed, self.seen.get(task, changed))

    def queued(self, client):
        return {id_of(message) for queue in self.queues for message in client.lrange(queue, 0, -1)}

    def unseen(self, known):
        """Returns the seconds for which tasks were not seen, by id; none while the broker is silent.

        :param known: when each task became known, in monotonic seconds
        """
        now = time.monotonic()
        if now - self.looked > 2 * EVERY:
            return {}
        return {task: now - max(self.seen.get(task, since), since, self.since) for task, since in known.items()}

    def has_given_up(self, id, host, pid):
        """True if the worker of a host gave up the start of a task instance in this process."""
        return self.given_up.get(str(id)) == start_of(host, pid)

    def fences(self, host):
        """True if the worker of a host has a lease: its fence ends a task before the scheduler gives the task away."""
        return host in self.hosts
