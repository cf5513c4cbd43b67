"""Runs triggers of queues that no triggerer reads, in the triggerers that read none.

A task gives its trigger the task's queue if its worker's group has triggerers of its own. When the group, its triggerers or the queue
are gone, or the worker got the task through another queue, the trigger would wait forever. So it loses its queue here.

The trigger of a living triggerer keeps its queue: that triggerer would take the loss for the act of a person who ends the task, and end
what the trigger waits for, such as a job elsewhere. Airflow's triggerers, too, take over triggers of dead ones alone.
"""

import functools
import logging
import math
import time
from datetime import datetime, timedelta, timezone

from airflow_on_celery.served import SERVED
from sqlalchemy import event, or_, select, update
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Mapper

log = logging.getLogger(__name__)

# Seconds between two looks for stranded triggers.
INTERVAL = 30


def stranded(Trigger):
    """Returns the query for ids of triggers that no triggerer runs or will run."""
    from airflow.configuration import conf
    from airflow.jobs.job import Job

    silence = timedelta(seconds=conf.getint("triggerer", "triggerer_health_check_threshold"))
    living = select(Job.id).where(
        Job.job_type == "TriggererJob",
        Job.end_date.is_(None),
        Job.latest_heartbeat > datetime.now(timezone.utc) - silence,
    )
    return (
        select(Trigger.id)
        .where(Trigger.queue.is_not(None), Trigger.queue.not_in(SERVED))
        .where(or_(Trigger.triggerer_id.is_(None), Trigger.triggerer_id.not_in(living)))
        # Another triggerer is just taking a locked trigger.
        .with_for_update(skip_locked=True)
    )


def adopt(Trigger):
    """Takes the queue from stranded triggers."""
    from airflow.utils.session import create_session

    with create_session() as session:
        ids = session.scalars(stranded(Trigger)).all()
        if ids:
            change = update(Trigger).where(Trigger.id.in_(ids)).values(queue=None)
            session.execute(change.execution_options(synchronize_session=False))
            log.info("Running %d trigger(s) of queues that no triggerer reads", len(ids))


def adopt_first(Trigger):
    """Returns `Trigger.assign_unassigned`, which looks for stranded triggers first, every 30 s."""
    assign = Trigger.assign_unassigned
    due = 0

    @functools.wraps(assign)
    def assigning(*args, **named):
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + INTERVAL
            try:
                adopt(Trigger)
            except Exception as error:
                # The database will be back; an Airflow that is built differently will stay so.
                is_passing = isinstance(error, SQLAlchemyError) and not isinstance(error, ProgrammingError)
                due = due if is_passing else math.inf
                log.warning("Leaving triggers of queues that no triggerer reads: %s", error)
        return assign(*args, **named)

    return assigning


@event.listens_for(Mapper, "instrument_class")
def install(_mapper, model):
    """Changes Airflow's class once it is imported: an import here would come before the user's settings of Airflow."""
    if (model.__module__, model.__name__) != ("airflow.models.trigger", "Trigger"):
        return
    try:
        model.assign_unassigned = staticmethod(adopt_first(model))
    except AttributeError as error:
        log.warning("Leaving triggers of queues that no triggerer reads: %s", error)
