"""Touches the heartbeat file while this worker consumes from a queue and its event loop turns.

Answering a ping is not enough: after a broker restart a worker may do so and yet consume from no queue at all.
"""

import pathlib
import socket

from celery import bootsteps, signals

HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")


class Heartbeat(bootsteps.StartStopStep):
    requires = {"celery.worker.consumer.tasks:Tasks"}

    def start(self, consumer):
        def beat():
            if consumer.task_consumer and consumer.task_consumer.queues:
                HEARTBEAT.touch()

        beat()
        # Started again with every new connection, since losing one clears the timer.
        consumer.timer.call_repeatedly(2, beat)


@signals.celeryd_init.connect
def install(instance, **_):
    instance.app.steps["consumer"].add(Heartbeat)


def group_name():
    """The name that all workers of a group on one machine have in common: any of them serves the logs of all."""
    return socket.gethostname().rpartition("-")[0]


__all__ = []
