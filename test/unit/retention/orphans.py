"""Tests of components/retention/orphans.py, with a broker that is a dictionary."""

import sys
import unittest

sys.path.insert(0, "components/retention")
from orphans import SEEN, remove_orphans  # noqa: E402


class Broker:
    def __init__(self):
        self.sets = {}
        self.lists = {}
        self.seen = {}

    def bind(self, exchange, queue):
        self.sets.setdefault(b"_kombu.binding." + exchange, set()).add(b"\x06\x16\x06\x16" + queue)

    def queues(self):
        return sorted(member.rsplit(b"\x16", 1)[1] for members in self.sets.values() for member in members)

    def smembers(self, key):
        return set(self.sets.get(key, ()))

    def srem(self, key, member):
        self.sets[key].discard(member)

    def lindex(self, queue, at):
        return (self.lists.get(queue) or [None])[at]

    def delete(self, key):
        if key == SEEN:
            self.seen = {}
        self.lists.pop(key, None)

    def hgetall(self, _):
        return dict(self.seen)

    def hset(self, _, mapping):
        self.seen.update(mapping)

    def expire(self, key, _):
        assert key == SEEN


class OrphansTest(unittest.TestCase):
    def test_a_queue_of_replies_without_a_reader_is_removed_at_the_second_look(self):
        broker = Broker()
        for queue in (b"gone.reply.celery.pidbox", b"new.reply.celery.pidbox"):
            broker.bind(b"reply.celery.pidbox", queue)
        for queue in (b"celery@dead.celery.pidbox", b"celery@idle.celery.pidbox", b"celery@busy.celery.pidbox"):
            broker.bind(b"celery.pidbox", queue)
        broker.bind(b"celeryev", b"celeryev.flower")
        broker.lists = {
            b"gone.reply.celery.pidbox": [b"1"],
            b"celery@dead.celery.pidbox": [b"2", b"1"],
            b"celery@busy.celery.pidbox": [b"1"],
            b"default": [b"1"],
        }
        remove_orphans(broker)
        self.assertEqual(len(broker.queues()), 6)
        broker.sets[b"_kombu.binding.reply.celery.pidbox"].discard(b"\x06\x16\x06\x16new.reply.celery.pidbox")
        broker.bind(b"reply.celery.pidbox", b"other.reply.celery.pidbox")
        broker.lists[b"celery@dead.celery.pidbox"].insert(0, b"3")
        broker.lists[b"celery@busy.celery.pidbox"] = [b"2"]
        remove_orphans(broker)
        self.assertEqual(
            broker.queues(),
            [b"celery@busy.celery.pidbox", b"celery@idle.celery.pidbox", b"celeryev.flower", b"other.reply.celery.pidbox"],
        )
        self.assertEqual(sorted(broker.lists), [b"celery@busy.celery.pidbox", b"default"])


if __name__ == "__main__":
    unittest.main()
