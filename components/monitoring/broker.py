"""Reads the broker: the messages of each queue, the messages that workers hold, and the leases of workers."""

import collections
import json
import os
import pathlib
import time

import redis

# Suffixes of the Redis lists in which Kombu keeps a queue, one per priority.
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
LEASES = "airflow-leases"
# Hash in which Kombu keeps messages that are delivered and not acknowledged.
UNACKNOWLEDGED = "unacked"
# Seconds without a renewal after which a worker counts as gone; workers renew their leases every 2 s.
LEASE_TIMEOUT = 20
# Prefix of the canary's own queues, which exist during a proof only.
CANARY_PREFIX = "airflow_on_celery.canary"
# Seconds for a connection and for each command.
TIMEOUT = 5
# Maximum number of messages that are searched in a queue.
SEARCH_LIMIT = 1000

# Parameters of the Redis client for TLS, with the variables that hold the paths.
TLS = {
    "ssl_ca_certs": "AIRFLOW__CELERY__SSL_CACERT",
    "ssl_certfile": "AIRFLOW__CELERY__SSL_CERT",
    "ssl_keyfile": "AIRFLOW__CELERY__SSL_KEY",
}


def secret(name):
    return pathlib.Path(f"/run/secrets/{name}").read_text().strip()


def task_id_of(message):
    """Returns the Celery task id of a message; None for a message that is not Celery's."""
    try:
        return json.loads(message)["properties"]["correlation_id"]
    except (ValueError, TypeError, KeyError):
        return None


class Broker:
    """Collects the broker's series, and keeps what the database's series need: oldest messages and held tasks.

    :param settings: `queues` of the stack, and `leases`: true if workers renew leases, which Airflow 2 lacks
    """

    def __init__(self, settings):
        self.queues = settings["queues"]
        self.has_leases = settings["leases"]
        # Further queues, in which the database has queued tasks.
        self.database_queues = set()
        # By queue: task id of the oldest message, and the monotonic time at which the message was first seen there.
        self.oldest = {}
        # Ids of the Celery tasks that workers hold; None if the broker did not answer.
        self.held = None
        # By worker: the lease, and the monotonic time of its last change.
        self.leases = {}
        url = secret("broker_url")
        # Sentinel is not supported: the exporter then reads the database alone.
        self.is_supported = url.startswith(("redis:", "rediss:"))
        if self.is_supported:
            files = {name: os.environ[variable] for name, variable in TLS.items() if variable in os.environ}
            self.client = redis.Redis.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                **(files if url.startswith("rediss:") else {}),
            )

    def live_leases(self, now):
        """Returns the leases that changed within `LEASE_TIMEOUT`, by worker."""
        values = {node.decode(): value for node, value in self.client.hgetall(LEASES).items() if node != b"watch"}
        self.leases = {
            node: self.leases[node] if self.leases.get(node, (None,))[0] == value else (value, now)
            for node, value in values.items()
        }
        live = {node: json.loads(value) for node, (value, at) in self.leases.items() if now - at < LEASE_TIMEOUT}
        # Leases of an earlier version of the stack name no queues.
        return {node.partition("@")[2]: lease for node, lease in live.items() if "queues" in lease}

    def unacknowledged(self):
        """Counts the messages that workers hold, by queue, and notes their tasks."""
        messages = [json.loads(value) for value in self.client.hvals(UNACKNOWLEDGED)]
        self.held = {message["properties"].get("correlation_id") for message, *_ in messages}
        return collections.Counter(queue for _, _, queue in messages)

    def without_message(self, tasks):
        """Returns the ids that no worker holds and that are in no queue, without those of queues that are too long to search.

        :param tasks: queue of each task, by id
        """
        missing = tasks.keys() - self.held
        for queue in self.oldest:
            if missing:
                messages = self.client.lrange(queue, -SEARCH_LIMIT, -1)
                missing -= {task_id_of(message) for message in messages}
                if len(messages) == SEARCH_LIMIT:
                    missing -= {task for task, its_queue in tasks.items() if its_queue == queue}
        return missing

    def length(self, queue, now):
        """Returns the number of messages in a queue, and notes the oldest one."""
        length = sum(self.client.llen(queue + suffix) for suffix in PRIORITIES)
        message = self.client.lindex(queue, -1)
        task = message and task_id_of(message)
        if self.oldest.get(queue, (None,))[0] != task:
            self.oldest[queue] = (task, now)
        return length

    def series(self):
        """Yields the broker's series as (family, labels, value)."""
        self.held = None
        now = time.monotonic()
        leases = self.live_leases(now)
        unacknowledged = self.unacknowledged()
        consumed = {queue for lease in leases.values() for queue in lease["queues"]}
        queues = {*self.queues, *self.database_queues, *consumed, *unacknowledged}
        # Forgets queues that nothing names any more, whose oldest message would seem to wait forever.
        self.oldest = {queue: oldest for queue, oldest in self.oldest.items() if queue in queues}
        for queue in sorted(queues):
            if queue.startswith(CANARY_PREFIX):
                continue
            labels = {"queue": queue}
            length = self.length(queue, now)
            yield "airflow_queue_length", labels, length
            if length == 0:
                yield "airflow_queue_oldest_seconds", labels, 0
            yield "airflow_queue_unacknowledged", labels, unacknowledged[queue]
            if not self.has_leases:
                continue
            consumers = [lease for lease in leases.values() if queue in lease["queues"]]
            busy = sum(lease["active"] for lease in consumers)
            yield "airflow_queue_consumers", labels, len(consumers)
            yield "airflow_queue_places", {**labels, "state": "busy"}, busy
            yield "airflow_queue_places", {**labels, "state": "free"}, sum(lease["places"] for lease in consumers) - busy
        for worker, lease in leases.items():
            queues = [queue for queue in lease["queues"] if not queue.startswith(CANARY_PREFIX)]
            yield "airflow_worker_queues", {"worker": worker}, len(queues)
            yield "airflow_worker_places", {"worker": worker, "state": "busy"}, lease["active"]
            yield "airflow_worker_places", {"worker": worker, "state": "free"}, lease["places"] - lease["active"]
        yield from self.health()

    def health(self):
        info = self.client.info()
        yield "airflow_broker_memory_bytes", {}, info["used_memory"]
        if info.get("maxmemory"):
            yield "airflow_broker_memory_limit_bytes", {}, info["maxmemory"]
        statuses = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
        yield "airflow_broker_writes", {}, all(info.get(name, "ok") == "ok" for name in statuses)
