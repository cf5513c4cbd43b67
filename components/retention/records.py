"""Removes old rows of Airflow's metadata and of Celery's results, and queues in the broker that no process reads.

Selects rows of the metadata by the rules of `airflow db clean`, and deletes them in small batches: that command locks all old rows of a
table at once, in Airflow 2 at least, and does not clean Celery's results, which have a database of their own.
"""

import datetime
import os
import sys
import time
from collections import defaultdict
from uuid import UUID

if __name__ == "__main__":
    # Replaces this file's folder, whose modules would hide others of the same name, by the folder of start.py.
    sys.path[0] = "/opt/airflow"
    # Opens at most one connection to the database at a time, which the connection budget assumes.
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_ENABLED"] = "False"
    import start  # noqa: F401, before Airflow

from airflow_on_celery.orphans import remove_orphans  # noqa: E402
from airflow_on_celery.retention import AGES  # noqa: E402
from airflow_on_celery.unfinished import LEFT_OUT, kept  # noqa: E402
from sqlalchemy import MetaData, Table, create_engine, func, inspect, literal_column, select, text  # noqa: E402
from sqlalchemy.exc import DBAPIError, IntegrityError  # noqa: E402
from sqlalchemy.pool import NullPool  # noqa: E402

# Milliseconds after which a statement gives up, and thereby its row locks.
STATEMENT_TIMEOUT = 700
# Seconds that a batch should take, and the bounds of its size in rows, which follows from that.
BATCH_SECONDS = 0.1
MIN_BATCH, MAX_BATCH = 100, 5000
# Maximum number of keys that one query selects.
KEY_LIMIT = 50_000
# Number of rows that cannot be deleted alone, after which a table waits for the next hour: locked ones, which take time, and ones that
# other rows reference, which would otherwise keep all rows behind them.
MAX_LOCKED, MAX_STUCK = 10, 1000


def delete_statement(table, dialect, unless):
    """Returns SQL that deletes rows by an array of keys per column, and thus is the same for any number of rows.

    :param unless: queries of what keeps a row, which may have come after the keys were selected: somebody clears an old run
    """
    quoted = dialect.identifier_preparer.quote
    keys = {f"k{at}": column for at, column in enumerate(table.primary_key.columns)}
    arrays = ", ".join(f"CAST(:{key} AS {column.type.compile(dialect)}[])" for key, column in keys.items())
    same = [f"base.{quoted(column.name)} = given.{key}" for key, column in keys.items()]
    where = " AND ".join([*same, *(f"NOT EXISTS ({used})" for used in unless)])
    names = ", ".join(keys)
    return text(f"DELETE FROM {quoted(table.name)} AS base USING unnest({arrays}) AS given({names}) WHERE {where}")


def arrays_of(rows):
    """Returns the values of each column as a parameter; UUIDs as text, since the driver has no arrays of UUIDs."""
    columns = zip(*rows)
    return {f"k{at}": [str(value) if isinstance(value, UUID) else value for value in column] for at, column in enumerate(columns)}


def remove_rows(connection, table, keys, unless):
    """Deletes rows by their primary keys, in batches.

    :param unless: queries of what keeps a row
    :return: number of deleted rows, and of rows that stay because another transaction locks or references them
    """
    size, removed, stuck, locked = MIN_BATCH, 0, 0, 0
    statement = delete_statement(table, connection.dialect, unless)
    while keys and locked < MAX_LOCKED and stuck < MAX_STUCK:
        batch = keys[:size]
        started = time.monotonic()
        try:
            with connection.begin():
                connection.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT}"))
                removed += connection.execute(statement, arrays_of(batch)).rowcount
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            if len(batch) > 1:
                size = len(batch) // 4 or 1
                continue
            stuck += 1
            locked += not isinstance(error, IntegrityError)
        keys = keys[len(batch) :]
        seconds = time.monotonic() - started
        size = max(min(int(len(batch) * BATCH_SECONDS / seconds), len(batch) * 2, MAX_BATCH), min(len(batch), MIN_BATCH))
        # Leaves the database to Airflow for half of the time.
        time.sleep(seconds)
    return removed, stuck


def clean(engine, name, *args):
    """Deletes the old rows of a table, unless the database refuses, which must not keep the old rows of other tables for good."""
    try:
        remove_old(engine, name, *args)
    except DBAPIError as error:
        print(f"retention: rows of {name} stay, next attempt in an hour: {error.orig}", flush=True)


def remove_old(engine, name, old_keys, unless=()):
    """Deletes the old rows of a table, and logs their number.

    :param old_keys: returns a query of the primary keys of old rows, given the table, which it calls `base`
    :param unless: queries of what keeps a row
    """
    table = Table(name, MetaData(), autoload_with=engine, resolve_fks=False)
    total = 0
    while True:
        with engine.connect() as connection:
            with connection.begin():
                query = old_keys(table).where(*(text(f"NOT EXISTS ({used})") for used in unless))
                keys = connection.execute(query.limit(KEY_LIMIT)).fetchall()
            removed, stuck = remove_rows(connection, table, keys, unless)
        total += removed
        if len(keys) < KEY_LIMIT or stuck:
            if total or stuck:
                kept = f", {stuck} or more are in use and stay" if stuck else ""
                print(f"retention: removed {total} rows of {name}{kept}", flush=True)
            return


def old_rows(column, before):
    """Returns a function that queries the keys of rows whose `column` is earlier than `before`."""

    def old_keys(table):
        base = table.alias("base")
        return select(*base.primary_key).where(base.c[column] < before)

    return old_keys


def never_started(table, before):
    """Returns a query of the keys of runs that ended without a start, as those of a cancelled backfill do, and thus have no age for Airflow."""
    runs = table.alias("base")
    ended = func.coalesce(runs.c.end_date, runs.c.updated_at)
    # The last scheduled run of a DAG tells when the next one is due.
    is_asked_for = runs.c.run_type != "scheduled"
    is_over = runs.c.state.in_(["success", "failed"])
    return select(*runs.primary_key).where(runs.c.start_date.is_(None), is_over, is_asked_for, ended < before)


def columns_of(session):
    """Returns the names of columns by table."""
    query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    columns = defaultdict(set)
    for table, column in session.execute(text(query)):
        columns[table].add(column)
    return columns


def clean_metadata(before):
    from airflow.utils import db_cleanup
    from airflow.utils.session import create_session

    with create_session() as session:
        engine = session.get_bind()
        columns = columns_of(session)
        names, configs = db_cleanup._effective_table_names(table_names=None)
        clean(engine, "dag_run", lambda table: never_started(table, before), kept("dag_run", columns))
        for name in names:
            if name not in columns:
                continue
            query = db_cleanup._build_query(session=session, clean_before_timestamp=before, **vars(configs[name]))

            def old_keys(table, query=query):
                keys = [literal_column(f"base.{key.name}", key.type) for key in table.primary_key.columns]
                # Airflow 2 returns an ORM query, which wraps the statement.
                return getattr(query, "statement", query).with_only_columns(*keys)

            clean(engine, name, old_keys, kept(name, columns))
        for name, column in LEFT_OUT.items():
            if name in columns:
                clean(engine, name, old_rows(column, before), kept(name, columns))


def clean_results(before):
    from airflow.configuration import conf

    backend = conf.get("celery", "result_backend")
    if not backend.startswith("db+"):
        return
    engine = create_engine(backend.removeprefix("db+"), poolclass=NullPool)
    for name in ("celery_taskmeta", "celery_tasksetmeta"):
        if inspect(engine).has_table(name):
            # Celery stores UTC without a time zone.
            clean(engine, name, old_rows("date_done", before.replace(tzinfo=None)))


def main():
    from airflow.providers.celery.executors.celery_executor_utils import app

    now = datetime.datetime.now(datetime.timezone.utc)
    with app.connection_for_write() as connection, connection.channel() as channel:
        # Lets one of several schedulers run this program, once an hour.
        if not channel.client.set("airflow-retention", "", nx=True, ex=3000):
            return
        remove_orphans(channel.client)
    if "metadata" in AGES:
        clean_metadata(now - datetime.timedelta(days=AGES["metadata"]))
    if "results" in AGES:
        clean_results(now - datetime.timedelta(days=AGES["results"]))


if __name__ == "__main__":
    main()
