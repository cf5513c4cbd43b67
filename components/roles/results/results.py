"""Lets processes make the tables of Celery's results one after the other, and reads results as plain data.

Each process looks whether the tables are there before its first result, and makes them. Celery tries again after the errors of a race,
which are in the log of Postgres all the same.
"""

import functools

from airflow_on_celery import plain
from celery.backends.database.models import Task, TaskSet
from celery.backends.database.session import ResultModelBase, SessionManager
from sqlalchemy import PickleType, text
from sqlalchemy.exc import DatabaseError

# Number of a lock that nothing else takes in the database of results.
LOCK = 20_261_129


def one_by_one(prepare):
    @functools.wraps(prepare)
    def preparing(self, engine):
        if self.prepared or engine.dialect.name != "postgresql":
            return prepare(self, engine)
        try:
            with engine.begin() as database:
                database.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                ResultModelBase.metadata.create_all(database)
            self.prepared = True
        except DatabaseError:
            # Tries again for a while.
            prepare(self, engine)

    return preparing


for model in (Task, TaskSet):
    model.__table__.c.result.type = PickleType(pickler=plain)
SessionManager.prepare_models = one_by_one(SessionManager.prepare_models)
