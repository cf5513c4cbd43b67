"""Touches the heartbeat file every 2 s while this worker consumes from a queue of tasks, or reconnects to the broker.

A ping would not do: after a restart of the broker a worker may answer pings and consume from no queue. Neither does a temporary queue
of a proof, which a worker reads on demand.
"""

import pathlib
import socket
import threading
import time

from airflow_on_celery.canaries import QUEUES
from celery import bootsteps, signals
from celery.worker.heartbeat import Heart

HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")
# Seconds without an attempt to connect after which a reconnecting worker counts as hung; resolving a name may take 60 s.
MAX_ATTEMPT = 120


class Reconnect(threading.Thread):
    """Thread that touches the heartbeat file from the loss of the broker until the worker consumes.

    A worker that has never been connected has no heartbeat file, and is not healthy yet.
    """

    def __init__(self):
        super().__init__(name="reconnect", daemon=True)
        # Monotonic time of the last attempt to connect; None while the worker consumes.
        self.attempted = None

    def attempt(self):
        self.attempted = time.monotonic()

    def run(self):
        while True:
            time.sleep(2)
            attempted = self.attempted
            if attempted is not None and time.monotonic() - attempted < MAX_ATTEMPT and HEARTBEAT.exists():
                HEARTBEAT.touch()


reconnect = Reconnect()


def reconnect_forever(consumer):
    """Makes the consumer try to connect every 2 s without a limit; Celery would wait up to 30 s, and finally give up."""
    celery_ensure_connected = consumer.ensure_connected

    def ensure_connected(connection):
        kombu_ensure_connection = connection.ensure_connection

        def ensure_connection(errback, _max_retries, callback):
            def attempt():
                reconnect.attempt()
                callback()

            return kombu_ensure_connection(errback, None, interval_step=0, callback=attempt)

        connection.ensure_connection = ensure_connection
        reconnect.attempt()
        return celery_ensure_connected(connection)

    consumer.ensure_connected = ensure_connected


def send_events_once(heart):
    """Makes worker events fail at once; Celery would block the event loop until the broker accepts the event."""
    send = heart._send

    def send_once(self, event, **_):
        return send(self, event, retry=False)

    heart._send = send_once


def consumes(consumer):
    """Returns true if the worker consumes from a queue that tasks of users may be in."""
    queues = consumer.task_consumer.queues if consumer.task_consumer else ()
    return any(not queue.name.startswith(QUEUES) for queue in queues)


class Heartbeat(bootsteps.StartStopStep):
    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer, **options):
        super().__init__(consumer, **options)
        reconnect_forever(consumer)

    def start(self, consumer):
        def beat():
            if consumes(consumer):
                reconnect.attempted = None
                HEARTBEAT.touch()

        beat()
        if not reconnect.is_alive():
            reconnect.start()
        # Starts a timer for each connection: the loss of a connection clears the timers.
        consumer.timer.call_repeatedly(2, beat)


@signals.celeryd_init.connect
def install(instance, **_):
    send_events_once(Heart)
    instance.app.steps["consumer"].add(Heartbeat)


def group_name():
    """Returns the host name that the workers of a group on one machine share; each of them serves the logs of all."""
    return socket.gethostname().rpartition("-")[0]
