"""Reads the broker: what waits in each queue, what workers have taken, and the workers' leases."""

import collections
import json
import os
import pathlib
import time

import redis

# Suffixes of the lists that the transport keeps for a queue, one for each priority.
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
LEASES = "airflow-leases"
UNACKNOWLEDGED = "unacked"
# Seconds without a renewal after which a worker counts as gone; it renews every 2 s.
MISSED = 20
# The canary's own queues come and go.
CANARY = "airflow_on_celery.canary"
TIMEOUT = 5
# Messages that are searched in a queue.
SEARCHED = 1000

# Settings of the broker's TLS, by the client's names for them.
TLS = {
    "ssl_ca_certs": "AIRFLOW__CELERY__SSL_CACERT",
    "ssl_certfile": "AIRFLOW__CELERY__SSL_CERT",
    "ssl_keyfile": "AIRFLOW__CELERY__SSL_KEY",
}


def secret(name):
    return pathlib.Path(f"/run/secrets/{name}").read_text().strip()


def id_of(message):
    """Returns the Celery task of a message; None if another program has put the message into the queue."""
    try:
        return json.loads(message)["properties"]["correlation_id"]
    except (ValueError, TypeError, KeyError):
        return None


class Broker:
    def __init__(self, about):
        self.queues = about["queues"]
        # True if workers renew leases, which name their queues and places.
        self.has_leases = about["leases"]
        # Queues of which the database knows, too.
        self.further = set()
        # The last message of each queue, which is the oldest, and when it was first seen.
        self.oldest = {}
        # Celery tasks that workers have taken; none while the broker is silent.
        self.taken = None
        # Leases, and when each was last renewed.
        self.leases = {}
        url = secret("broker_url")
        # Behind Sentinel the database alone is read.
        self.is_known = url.startswith(("redis:", "rediss:"))
        if self.is_known:
            files = {name: os.environ[variable] for name, variable in TLS.items() if variable in os.environ}
            self.client = redis.Redis.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                **(files if url.startswith("rediss:") else {}),
            )

    def workers(self, now):
        """Returns the leases that are renewed, by worker."""
        fields = {node.decode(): value for node, value in self.client.hgetall(LEASES).items() if node != b"watch"}
        self.leases = {
            node: self.leases[node] if self.leases.get(node, (None,))[0] == value else (value, now)
            for node, value in fields.items()
        }
        alive = {node: json.loads(value) for node, (value, renewed) in self.leases.items() if now - renewed < MISSED}
        # A worker of another version of this project may have other fields.
        return {node.partition("@")[2]: lease for node, lease in alive.items() if "queues" in lease}

    def unacknowledged(self):
        """Counts the messages that workers have taken, by queue, and notes their tasks."""
        messages = [json.loads(value) for value in self.client.hvals(UNACKNOWLEDGED)]
        self.taken = {message["properties"].get("correlation_id") for message, *_ in messages}
        return collections.Counter(queue for _, _, queue in messages)

    def unsent(self, tasks):
        """Returns the tasks that are neither taken nor among the oldest messages of a queue."""
        missing = tasks - self.taken
        for queue in self.oldest:
            if missing:
                missing -= {id_of(message) for message in self.client.lrange(queue, -SEARCHED, -1)}
        return missing

    def look_at(self, queue, now):
        """Returns the length of a queue, and notes its oldest message."""
        length = sum(self.client.llen(queue + suffix) for suffix in PRIORITIES)
        message = self.client.lindex(queue, -1)
        known = message and id_of(message)
        if self.oldest.get(queue, (None,))[0] != known:
            self.oldest[queue] = (known, now)
        return length

    def series(self):
        self.taken = None
        now = time.monotonic()
        workers = self.workers(now)
        taken = self.unacknowledged()
        read = {queue for lease in workers.values() for queue in lease["queues"]}
        for queue in sorted({*self.queues, *self.further, *read, *taken}):
            if queue.startswith(CANARY):
                continue
            at = {"queue": queue}
            length = self.look_at(queue, now)
            yield "airflow_queue_length", at, length
            if length == 0:
                yield "airflow_queue_oldest_seconds", at, 0
            yield "airflow_queue_unacknowledged", at, taken[queue]
            if not self.has_leases:
                continue
            readers = [lease for lease in workers.values() if queue in lease["queues"]]
            busy = sum(lease["active"] for lease in readers)
            yield "airflow_queue_consumers", at, len(readers)
            yield "airflow_queue_places", {**at, "state": "busy"}, busy
            yield "airflow_queue_places", {**at, "state": "free"}, sum(one["places"] for one in readers) - busy
        for worker, lease in workers.items():
            own = [queue for queue in lease["queues"] if not queue.startswith(CANARY)]
            yield "airflow_worker_queues", {"worker": worker}, len(own)
            yield "airflow_worker_places", {"worker": worker, "state": "busy"}, lease["active"]
            yield "airflow_worker_places", {"worker": worker, "state": "free"}, lease["places"] - lease["active"]
        yield from self.health()

    def health(self):
        info = self.client.info()
        yield "airflow_broker_memory_bytes", {}, info["used_memory"]
        if info.get("maxmemory"):
            yield "airflow_broker_memory_limit_bytes", {}, info["maxmemory"]
        writes = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
        yield "airflow_broker_writes", {}, all(info.get(name, "ok") == "ok" for name in writes)
