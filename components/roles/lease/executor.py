"""CeleryExecutor that survives a broker without an answer, lost messages and dead workers.

- While the broker refuses messages, tasks wait instead of failing.
- A task whose message is lost, or that a worker could not start, is scheduled again without charging an attempt.
- A running task whose worker is dead is failed after `DEAD` s, so that the next attempt can start.
"""

import time
from collections import Counter
from datetime import timedelta

from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.providers.celery.executors import celery_executor, celery_executor_utils
from airflow.providers.celery.executors.celery_executor_utils import ExceptionWithTraceback
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.utils import timezone
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from airflow_on_celery import idle
from airflow_on_celery.canaries import QUEUES, forget
from airflow_on_celery.timings import DEAD, LOST
from airflow_on_celery.watch import INTERVAL, Watch
from celery.states import FAILURE
from kombu.exceptions import OperationalError
from sqlalchemy import select, update

# Seconds until messages are sent again that the broker refused.
SEND_INTERVAL = 2
# Number of failed starts after which a task is scheduled again; the next failed start fails the task.
STARTS = 3
# Columns of a task instance's key, in the order of its parts.
KEY = [getattr(TaskInstance, part) for part in TaskInstanceKey._fields]
RUNNING = (TaskInstanceState.RUNNING, TaskInstanceState.RESTARTING)


def is_unsent(result):
    """Returns true if the broker did not accept the message, which says nothing about the task."""
    return isinstance(result, ExceptionWithTraceback) and isinstance(
        result.exception, (OperationalError, AirflowTaskTimeout)
    )


class CeleryExecutor(celery_executor.CeleryExecutor):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.watch = Watch(self.celery_app)
        # Queue of each task, by key.
        self.queues = {}
        # Monotonic time at which each Celery task was first seen here, by id.
        self.known = {}
        # Celery's id and error of tasks that workers could not start, by key.
        self.unstarted = {}
        self.starts = Counter()
        # Monotonic times before which nothing is sent, and no task is searched.
        self.next_send = self.next_search = 0

    def start(self):
        super().start()
        self.watch.start()
        self.keep_connection()
        self.sleeper = idle.install()

    def keep_connection(self):
        """Keeps the connection to the results: Celery makes an engine and a login for each look, except in forked processes."""
        sessions = getattr(self.celery_app.backend, "session_manager", None)
        if hasattr(sessions, "forked"):
            sessions.forked = True

    def _send_workloads_to_celery(self, workload_tuples_to_send):
        """Sends one task before the others; Airflow sends tasks again whose results are not returned."""
        if time.monotonic() < self.next_send:
            return []
        self.sleeper.wake_soon()
        self.queues.update({key: queue for key, _, queue, _ in workload_tuples_to_send})
        first, *rest = workload_tuples_to_send
        results = super()._send_workloads_to_celery([first])
        if rest and not is_unsent(results[0][2]):
            results += super()._send_workloads_to_celery(rest)
        sent = [result for result in results if not is_unsent(result[2])]
        if len(sent) < len(results):
            self.next_send = time.monotonic() + SEND_INTERVAL
            error = next(result.exception for _, _, result in results if is_unsent(result))
            waiting = len(workload_tuples_to_send) - len(sent)
            self.log.warning("The broker refuses messages; waiting tasks: %d, next attempt in %d s: %s", waiting, SEND_INTERVAL, error)
        self.forget_queues(queue for _, _, queue, _ in workload_tuples_to_send if queue.startswith(QUEUES))
        return sent

    def forget_queues(self, queues):
        """Drops what Celery and kombu keep of each queue for as long as this process runs."""
        # Another app than the executor's own sends, which a patch release may change.
        app_of = getattr(celery_executor_utils, "_get_celery_app_for_workload", None)
        app = app_of(self.team_name) if app_of else self.celery_app
        for queue in queues:
            with app.producer_or_acquire() as producer:
                forget(app, producer.connection, queue)

    def try_adopt_task_instances(self, tis):
        self.queues.update({ti.key: ti.queue for ti in tis})
        return super().try_adopt_task_instances(tis)

    def update_task_state(self, key, state, info):
        """Defers failures that Celery reports: a worker may only have failed to start the task, or have received a second message."""
        if state == FAILURE and isinstance(key, TaskInstanceKey) and key in self.workloads:
            self.unstarted[key] = (self.workloads[key].task_id, info)
        else:
            super().update_task_state(key, state, info)

    def change_state(self, key, *args, **named):
        super().change_state(key, *args, **named)
        self.starts.pop(key, None)

    def get_event_buffer(self, dag_ids=None):
        """Leaves out ends of tasks that are due again.

        A sensor that is rescheduled ends its process with success. If the scheduler was silent until the sensor was due again, it
        schedules the sensor before it sees this end, and Airflow would take the end for the end of the attempt, and fail the attempt.
        """
        events = super().get_event_buffer(dag_ids)
        ended = [key for key, (state, _) in events.items() if state == TaskInstanceState.SUCCESS and isinstance(key, TaskInstanceKey)]
        if ended:
            due = TaskInstance.filter_for_tis(ended), TaskInstance.state == TaskInstanceState.SCHEDULED
            with create_session() as session:
                for key in session.execute(select(*KEY).where(*due)):
                    events.pop(TaskInstanceKey(*key), None)
        return events

    def sync(self):
        self.sleeper.pause(len(self.running))
        super().sync()
        self.settle(self.unstarted, self.settle_unstarted)
        now = time.monotonic()
        if now < self.next_search:
            return
        self.next_search = now + INTERVAL
        keys = {result.task_id: key for key, result in self.workloads.items() if isinstance(key, TaskInstanceKey)}
        self.known = {task: self.known.get(task, now) for task in keys}
        self.queues = {key: queue for key, queue in self.queues.items() if key in self.workloads}
        # The watch iterates these sets in its thread, so they are replaced and never changed.
        self.watch.queues, self.watch.tracked = set(self.queues.values()), set(keys)
        unseen = self.watch.unseen(self.known).items()
        self.settle({keys[task]: (task, seconds) for task, seconds in unseen if seconds > DEAD}, self.settle_unseen)

    def settle(self, doubtful, settle_one):
        """Settles tasks, whose state Celery does not know, by the database; forgets keys of earlier tries.

        :param doubtful: Celery's id and an argument, by key; empty afterwards
        :param settle_one: is called with the task instance, Celery's id, the argument and a session
        """
        if not doubtful:
            return
        with create_session() as session:
            for ti in session.scalars(select(TaskInstance).where(TaskInstance.filter_for_tis(list(doubtful)))):
                if ti.key in doubtful:
                    settle_one(ti, *doubtful.pop(ti.key), session)
        while doubtful:
            self.forget(doubtful.popitem()[0])

    def settle_unstarted(self, ti, task, info, session):
        """Settles a task that Celery reports as failed, with the error `info`."""
        has_started = ti.state != TaskInstanceState.QUEUED or ti.external_executor_id != task
        self.starts[ti.key] += 1
        if ti.state in RUNNING or self.starts[ti.key] > STARTS:
            self.fail(ti.key, info)
        elif has_started:
            self.forget(ti.key)
        else:
            self.schedule_again(ti, task, f"A worker could not start the task: {info}.", session)

    def settle_unseen(self, ti, task, seconds, session):
        """Settles a task that was in no queue and held by no worker for some seconds."""
        if ti.external_executor_id != task:
            # Another message, perhaps another scheduler's, has the task by now.
            if seconds > LOST:
                self.forget(ti.key)
        elif ti.state in RUNNING and self.watch.has_given_up(ti.id, ti.unixname, ti.pid):
            self.schedule_again(ti, task, f"{ti.hostname} got no answer from the webserver to the start of the task.", session)
        elif ti.state in RUNNING:
            self.fail_dead(ti, session)
        elif seconds > LOST and ti.state == TaskInstanceState.QUEUED:
            why = f"Message {task} was in no queue and held by no worker for {LOST} s."
            self.schedule_again(ti, task, why, session)
        elif seconds > LOST:
            self.forget(ti.key)

    def fail_dead(self, ti, session):
        silent = ti.last_heartbeat_at is None or timezone.utcnow() - ti.last_heartbeat_at > timedelta(seconds=DEAD)
        if silent and self.watch.had_lease(ti.hostname):
            why = f"no lease in the broker and no heartbeat at the webserver for {DEAD} s"
            self.log.error("The worker of %s is dead: %s", ti, why)
            # Airflow notes a lost heartbeat only once its own time-out, which is longer, has passed.
            session.add(Log(event="worker died", task_instance=ti.key, extra=f"Worker {ti.hostname}: {why}."))
            self.fail(ti.key, info=f"the worker had {why}")

    def schedule_again(self, ti, task, why, session):
        self.log.warning("Scheduling %s again, which has not started. %s", ti, why)
        self.revoke_task(ti=ti)
        session.add(Log(event="scheduled again", task_instance=ti.key, extra=why))
        session.execute(
            update(TaskInstance)
            .where(
                TaskInstance.id == ti.id,
                TaskInstance.state == ti.state,
                TaskInstance.external_executor_id == task,
            )
            .values(
                state=TaskInstanceState.SCHEDULED,
                queued_dttm=None,
                queued_by_job_id=None,
                scheduled_dttm=timezone.utcnow(),
            )
            .execution_options(synchronize_session=False)
        )

    def forget(self, key):
        """Frees the executor's slot of a task whose state the database knows."""
        self.starts.pop(key, None)
        self.workloads.pop(key, None)
        self.running.discard(key)
