"""Keeps the lease of a worker, and the fence around its tasks, for as long as the worker runs."""

from airflow_on_celery import supervisor
from airflow_on_celery.fence import Fence
from airflow_on_celery.lease import Lease
from celery import bootsteps, signals


class Guard(bootsteps.StartStopStep):
    """Starts when the worker takes tasks for the first time: its processes for tasks are forked before."""

    requires = {"celery.worker.consumer.tasks:Tasks"}
    lease = None

    def start(self, consumer):
        if Guard.lease is None:
            Guard.lease = Lease(consumer)
            Guard.lease.start()
            Fence(Guard.lease).start()


@signals.celeryd_init.connect
def install(instance, **_):
    supervisor.install()
    instance.app.steps["consumer"].add(Guard)


@signals.worker_shutdown.connect
def leave(**_):
    if Guard.lease:
        Guard.lease.end()
