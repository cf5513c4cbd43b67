"""Touches the heartbeat file while this worker consumes from a queue and its event loop turns, or tries to reach the broker.

Answering a ping is not enough: after a broker restart a worker may do so and yet consume from no queue at all.
"""

import pathlib
import socket
import threading
import time

from celery import bootsteps, signals
from celery.worker.heartbeat import Heart

HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")


class Search(threading.Thread):
    """Beats from the first attempt to reach a lost broker until the worker consumes: a restart would be no quicker.

    Several connections are made on the way, and to resolve the broker's name alone may take a minute. A worker that has
    never reached the broker is not healthy yet, and one that makes no attempt for two minutes hangs.
    """

    def __init__(self):
        super().__init__(name="search", daemon=True)
        self.since = None

    def attempt(self):
        self.since = time.monotonic()

    def run(self):
        while True:
            time.sleep(2)
            since = self.since
            if since is not None and time.monotonic() - since < 120 and HEARTBEAT.exists():
                HEARTBEAT.touch()


search = Search()


def keep_trying(consumer):
    """Tries to reach a lost broker every 2 s without an end; Celery would wait up to 30 s, and finally give up."""
    connected = consumer.ensure_connected

    def ensure_connected(connection):
        ensure = connection.ensure_connection

        def ensure_connection(errback, _max_retries, callback):
            def attempt():
                search.attempt()
                callback()

            return ensure(errback, None, interval_step=0, callback=attempt)

        connection.ensure_connection = ensure_connection
        search.attempt()
        return connected(connection)

    consumer.ensure_connected = ensure_connected


def tell_once(heart):
    """Announces this worker to others once; Celery would hold the event loop until the broker has heard the message."""
    send = heart._send

    def send_once(self, event, **_):
        return send(self, event, retry=False)

    heart._send = send_once


class Heartbeat(bootsteps.StartStopStep):
    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer, **options):
        super().__init__(consumer, **options)
        keep_trying(consumer)

    def start(self, consumer):
        def beat():
            if consumer.task_consumer and consumer.task_consumer.queues:
                search.since = None
                HEARTBEAT.touch()

        beat()
        if not search.is_alive():
            search.start()
        # Starts the timer again with every new connection: losing a connection clears it.
        consumer.timer.call_repeatedly(2, beat)


@signals.celeryd_init.connect
def install(instance, **_):
    tell_once(Heart)
    instance.app.steps["consumer"].add(Heartbeat)


def group_name():
    """Returns the host name shared by all workers of a group on one machine, any of which serves the logs of all."""
    return socket.gethostname().rpartition("-")[0]
