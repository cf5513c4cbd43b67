"""The CeleryExecutor, without what it takes for granted: that the broker takes messages and keeps them, and workers live.

- While the broker takes no message, tasks wait for it instead of failing.
- A task whose message is nowhere, or that a worker could not start, is scheduled again: no attempt is charged.
- A running task whose worker is dead is failed early, so that another attempt can start.
"""

import time
from collections import Counter
from datetime import timedelta

from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.providers.celery.executors import celery_executor
from airflow.providers.celery.executors.celery_executor_utils import ExceptionWithTraceback
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.utils import timezone
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from airflow_on_celery import idle
from airflow_on_celery.timings import DEAD, LOST
from airflow_on_celery.watch import EVERY, Watch
from celery.states import FAILURE
from kombu.exceptions import OperationalError
from sqlalchemy import select, update

PAUSE = 2
# Times that a task is scheduled which workers cannot start, before that counts as its failure.
STARTS = 3
RUNNING = (TaskInstanceState.RUNNING, TaskInstanceState.RESTARTING)


def is_refused(result):
    """True if the broker took no message, which says nothing about the task."""
    return isinstance(result, ExceptionWithTraceback) and isinstance(
        result.exception, (OperationalError, AirflowTaskTimeout)
    )


class CeleryExecutor(celery_executor.CeleryExecutor):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.watch = Watch(self.celery_app)
        self.known = {}
        self.refused = {}
        self.starts = Counter()
        self.sends_at = self.looks_at = 0

    def start(self):
        super().start()
        self.watch.start()
        self.sleeper = idle.install()

    def _send_workloads_to_celery(self, workload_tuples_to_send):
        """Sends one task first: tasks that are not returned stay in the executor's queue, and are sent again."""
        if time.monotonic() < self.sends_at:
            return []
        self.sleeper.forget()
        self.watch.queues.update(queue for _, _, queue, _ in workload_tuples_to_send)
        first, *rest = workload_tuples_to_send
        results = super()._send_workloads_to_celery([first])
        if rest and not is_refused(results[0][2]):
            results += super()._send_workloads_to_celery(rest)
        sent = [result for result in results if not is_refused(result[2])]
        if len(sent) < len(results):
            self.sends_at = time.monotonic() + PAUSE
            error = next(result.exception for _, _, result in results if is_refused(result))
            self.log.warning("The broker takes no messages, so tasks wait for it: %s", error)
        return sent

    def try_adopt_task_instances(self, tis):
        self.watch.queues.update(ti.queue for ti in tis)
        return super().try_adopt_task_instances(tis)

    def update_task_state(self, key, state, info):
        """Ignores Celery's failure of a task that has not begun, such as the refusal of a late copy of its message."""
        if state == FAILURE and isinstance(key, TaskInstanceKey) and key in self.workloads:
            self.refused[key] = (self.workloads[key].task_id, info)
        else:
            super().update_task_state(key, state, info)

    def sync(self):
        super().sync()
        self.decide(self.refused, self.end_refused)
        now = time.monotonic()
        if now < self.looks_at:
            return
        self.looks_at = now + EVERY
        keys = {result.task_id: key for key, result in self.workloads.items() if isinstance(key, TaskInstanceKey)}
        self.known = {task: self.known.get(task, now) for task in keys}
        self.watch.wanted = set(keys)
        unseen = self.watch.unseen(self.known).items()
        self.decide({keys[task]: (task, seconds) for task, seconds in unseen if seconds > DEAD}, self.end_unseen)

    def decide(self, doubtful, end):
        """Decides by the database about tasks whose state Celery does not tell, and forgets those with a later try.

        :param doubtful: Celery's id and what is known, by key; empty afterwards
        :param end: is called with the task, Celery's id, what is known, and a session
        """
        if not doubtful:
            return
        with create_session() as session:
            for ti in session.scalars(select(TaskInstance).where(TaskInstance.filter_for_tis(list(doubtful)))):
                if ti.key in doubtful:
                    end(ti, *doubtful.pop(ti.key), session)
        while doubtful:
            self.forget(doubtful.popitem()[0])

    def end_refused(self, ti, task, info, session):
        """Decides about a task that a worker could not start."""
        has_begun = ti.state != TaskInstanceState.QUEUED or ti.external_executor_id != task
        self.starts[ti.key] += 1
        if ti.state in RUNNING or self.starts[ti.key] > STARTS:
            self.fail(ti.key, info)
        elif has_begun:
            self.forget(ti.key)
        else:
            self.schedule_again(ti, task, f"A worker could not start it: {info}.", session)

    def end_unseen(self, ti, task, seconds, session):
        """Decides about a task that was neither in a queue nor held by a worker for these seconds."""
        if ti.state in RUNNING and self.watch.has_given_up(ti.id, ti.hostname, ti.pid):
            self.schedule_again(ti, task, f"{ti.hostname} got no answer to its start.", session)
        elif ti.state in RUNNING:
            self.end_dead(ti)
        elif seconds > LOST and ti.state == TaskInstanceState.QUEUED:
            why = f"Message {task} was in no queue and held by no worker for {LOST} s."
            self.schedule_again(ti, task, why, session)
        elif seconds > LOST:
            self.forget(ti.key)

    def end_dead(self, ti):
        silent = ti.last_heartbeat_at is None or timezone.utcnow() - ti.last_heartbeat_at > timedelta(seconds=DEAD)
        if silent and self.watch.fences(ti.hostname):
            self.log.error("The worker of %s is dead: neither the broker nor the webserver hears of it", ti)
            self.fail(ti.key, info=f"neither broker nor webserver has heard of its worker for {DEAD} s")

    def schedule_again(self, ti, task, why, session):
        self.log.warning("Scheduling %s again, which has not begun. %s", ti, why)
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
        """Gives up the place of a task whose state is known without Celery."""
        self.starts.pop(key, None)
        self.workloads.pop(key, None)
        self.running.discard(key)
