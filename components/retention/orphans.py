"""Finds queues of Celery's remote control and of its events that nobody reads. Kombu lets none of them expire in Redis."""

import hashlib

SEEN = "airflow-retention-seen"
# Separates the parts of a binding: routing key, pattern, queue.
SEPARATOR = b"\x06\x16"
# Exchanges, and whether their queues live for seconds only.
EXCHANGES = {b"reply.celery.pidbox": True, b"celery.pidbox": False, b"celeryev": False}


def bindings(client):
    """Queues by binding, as (exchange, member of its set)."""
    for exchange in EXCHANGES:
        for member in client.smembers(b"_kombu.binding." + exchange):
            yield exchange, member, member.rsplit(SEPARATOR, 1)[-1]


def remove_orphans(client):
    """Removes queues whose oldest message is the one of an hour ago, and replies that nobody has asked for since."""
    seen = client.hgetall(SEEN)
    found = {}
    removed = 0
    for exchange, member, queue in bindings(client):
        oldest = client.lindex(queue, -1)
        if oldest is None and not EXCHANGES[exchange]:
            continue
        mark = hashlib.sha256(oldest or b"").hexdigest().encode()
        if seen.get(queue) == mark:
            client.delete(queue)
            client.srem(b"_kombu.binding." + exchange, member)
            removed += 1
        else:
            found[queue] = mark
    client.delete(SEEN)
    if found:
        client.hset(SEEN, mapping=found)
        client.expire(SEEN, 3 * 3600)
    if removed:
        print(f"retention: {removed} queues of Celery's remote control removed, which nobody reads", flush=True)
