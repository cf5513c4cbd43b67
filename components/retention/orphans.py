"""Removes queues of Celery's remote control and events that no process reads, and that never expire in Redis."""

import hashlib

# Hash with the digest of each queue's oldest message at the last run.
SEEN = "airflow-retention-seen"
# Separator of Kombu's bindings: routing key, pattern, queue.
SEPARATOR = b"\x06\x16"
# Exchanges; true for queues that live for seconds, so that an empty queue is an orphan, too.
EXCHANGES = {b"reply.celery.pidbox": True, b"celery.pidbox": False, b"celeryev": False}


def bindings(client):
    """Yields bindings as (exchange, member of the exchange's set, queue)."""
    for exchange in EXCHANGES:
        for member in client.smembers(b"_kombu.binding." + exchange):
            yield exchange, member, member.rsplit(SEPARATOR, 1)[-1]


def remove_orphans(client):
    """Removes queues whose oldest message has not changed since the last run, an hour ago, and queues of replies that existed then."""
    seen = client.hgetall(SEEN)
    digests = {}
    removed = 0
    for exchange, member, queue in bindings(client):
        oldest = client.lindex(queue, -1)
        if oldest is None and not EXCHANGES[exchange]:
            continue
        digest = hashlib.sha256(oldest or b"").hexdigest().encode()
        if seen.get(queue) == digest:
            client.delete(queue)
            client.srem(b"_kombu.binding." + exchange, member)
            removed += 1
        else:
            digests[queue] = digest
    client.delete(SEEN)
    if digests:
        client.hset(SEEN, mapping=digests)
        client.expire(SEEN, 3 * 3600)
    if removed:
        print(f"retention: removed {removed} queues of Celery's remote control that no process reads", flush=True)
