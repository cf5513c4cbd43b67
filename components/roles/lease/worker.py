"""Starts the lease and the fence of a worker, and removes the lease at the worker's end; forgets the queues of canaries."""

import functools

from airflow_on_celery import supervisor
from airflow_on_celery.canaries import forget
from airflow_on_celery.fence import Fence
from airflow_on_celery.lease import Lease
from celery import bootsteps, signals
from celery.worker.consumer.consumer import Consumer


class LeaseStep(bootsteps.StartStopStep):
    """Starts the threads with the worker's first consumer, which follows the fork of the pool's processes."""

    requires = {"celery.worker.consumer.tasks:Tasks"}
    lease = None

    def start(self, consumer):
        if LeaseStep.lease is None:
            LeaseStep.lease = Lease(consumer)
            LeaseStep.lease.start()
            Fence(LeaseStep.lease).start()


def forgetting(cancel_task_queue):
    @functools.wraps(cancel_task_queue)
    def cancel(self, queue):
        cancel_task_queue(self, queue)
        forget(self.app, self.connection, queue)

    return cancel


Consumer.cancel_task_queue = forgetting(Consumer.cancel_task_queue)


@signals.celeryd_init.connect
def install(instance, **_):
    supervisor.install()
    instance.app.steps["consumer"].add(LeaseStep)


@signals.worker_shutdown.connect
def remove_lease(**_):
    if LeaseStep.lease:
        LeaseStep.lease.remove()
