"""Knows the names of the canary, and forgets the queues of its proofs, which have new names each time."""

# Name of the canary's DAG and pool, and of the results of proofs in the audit log.
ID = "airflow_on_celery.canary"
# Beginning of the names of temporary queues.
QUEUES = f"{ID}."


def forget(app, connection, queue):
    """Drops what a process keeps of a queue that it neither reads nor writes any more.

    Celery and kombu keep each queue for as long as a process runs: 6 KB of a worker for each proof.
    """
    if queue.startswith(QUEUES) and app.amqp.queues.pop(queue, None):
        state = connection.transport.state
        state.queue_bindings_delete(queue)
        # The exchange has the queue's name.
        state.exchanges.pop(queue, None)
