"""Forgets the queues of the canary's proofs, which have new names each time.

Celery and kombu keep each queue for as long as a process runs: 6 KB of a worker for each proof.
"""

# Beginning of the names of temporary queues.
CANARY = "airflow_on_celery.canary."


def forget(app, connection, queue):
    """Drops what a process keeps of a queue that it neither reads nor writes any more."""
    if queue.startswith(CANARY) and app.amqp.queues.pop(queue, None):
        state = connection.transport.state
        state.queue_bindings_delete(queue)
        # The exchange has the queue's name.
        state.exchanges.pop(queue, None)
