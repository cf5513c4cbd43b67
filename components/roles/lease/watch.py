"""Finds, in a scheduler, where Celery tasks are: in a queue of the broker, or held by a worker with a lease."""

import json
import logging
import threading
import time

from airflow_on_celery.broker import GIVEN_UP, LEASES, client_of, start_of

log = logging.getLogger(__name__)

# Seconds between two looks at the broker.
INTERVAL = 3
# Seconds after which an unseen task and an expired lease are deleted.
EXPIRY = 3600


def task_id_of(message):
    """Returns the Celery task id of a message; None for a message that is not Celery's."""
    try:
        return json.loads(message)["properties"]["correlation_id"]
    except (ValueError, TypeError, KeyError):
        return None


class Watch(threading.Thread):
    """Thread that notes when each Celery task was last seen; a broker without an answer must not block the scheduler."""

    def __init__(self, app):
        super().__init__(name="watch", daemon=True)
        self.app = app
        # Ids of Celery tasks to find, and the queues to search.
        self.tracked = set()
        self.queues = set()
        # Monotonic times of the last look, and of the first look since the broker last failed to answer.
        self.last_look = self.first_look = float("-inf")
        # Monotonic time at which each task was last seen, by id.
        self.seen = {}
        # By worker: the lease, and the monotonic time of its last change.
        self.leases = {}
        # Starts that workers gave up, by id of the task instance.
        self.given_up = {}
        # Hosts of workers that have or had a lease.
        self.hosts = set()

    def run(self):
        while True:
            try:
                with client_of(self.app) as client:
                    self.first_look = time.monotonic()
                    while True:
                        self.look(client)
                        time.sleep(INTERVAL)
            except Exception as error:
                log.warning("Reading leases and queues from the broker failed; the next attempt is in %s s: %s", INTERVAL, error)
            time.sleep(INTERVAL)

    def look(self, client):
        now = time.monotonic()
        # Fails if the broker refuses writes: it then refuses leases, too, and their age tells nothing about the workers.
        client.hset(LEASES, "watch", str(now))
        self.read_leases(client.hgetall(LEASES), now)
        self.given_up = {id.decode(): start.decode() for id, start in client.hgetall(GIVEN_UP).items()}
        expired = [node for node, (_, changed) in self.leases.items() if now - changed > EXPIRY]
        if expired:
            client.hdel(LEASES, *expired)
        missing = self.tracked - {task for task, seen in self.seen.items() if seen == now}
        if missing:
            self.seen.update(dict.fromkeys(missing & self.queued_tasks(client), now))
        self.last_look = now
        self.seen = {task: seen for task, seen in self.seen.items() if now - seen < EXPIRY}

    def read_leases(self, fields, now):
        leases = {field.decode(): value for field, value in fields.items() if field != b"watch"}
        self.leases = {
            node: self.leases[node] if self.leases.get(node, (None,))[0] == value else (value, now)
            for node, value in leases.items()
        }
        for value, changed in self.leases.values():
            lease = json.loads(value)
            # Leases of an earlier version of the stack lack fields.
            if "host" in lease:
                self.hosts.add(lease["host"])
            for task in lease.get("tasks", ()):
                self.seen[task] = max(changed, self.seen.get(task, changed))

    def queued_tasks(self, client):
        return {task_id_of(message) for queue in self.queues for message in client.lrange(queue, 0, -1)}

    def unseen(self, known):
        """Returns the seconds for which each task was in no queue and no lease; empty while the broker does not answer.

        :param known: monotonic time at which the scheduler learned of each task, by id
        """
        now = time.monotonic()
        if now - self.last_look > 2 * INTERVAL:
            return {}
        return {task: now - max(self.seen.get(task, since), since, self.first_look) for task, since in known.items()}

    def has_given_up(self, id, user, pid):
        """Returns true if a worker gave up the start of a task instance in this process."""
        return self.given_up.get(str(id)) == start_of(user, pid)

    def had_lease(self, host):
        """Returns true if the worker of a host has or had a lease, so that its fence kills a task before the scheduler gives it up."""
        return host in self.hosts
