"""Removes old rows of Airflow's metadata and of Celery's results, and messages in the broker that nobody reads.

The metadata are the tables of `airflow db clean`, by its own rules. That command locks a table's old rows in one go, in Airflow 2 at
least, and does not know the results, which are in a database of their own.
"""

import datetime
import json
import os
import pathlib
import sys
import time
from uuid import UUID

HERE = pathlib.Path(__file__).parent

if __name__ == "__main__":
    # This file's folder has names that other modules use, and the one above what makes starts shorter.
    sys.path[0] = "/opt/airflow"
    # One connection at a time: no pool of a process that lives on.
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_ENABLED"] = "False"
    import start  # noqa: F401, before Airflow

from airflow_on_celery.orphans import remove_orphans  # noqa: E402
from sqlalchemy import MetaData, Table, create_engine, inspect, literal_column, select, text  # noqa: E402
from sqlalchemy.exc import DBAPIError  # noqa: E402
from sqlalchemy.pool import NullPool  # noqa: E402

# Milliseconds for which a statement may lock rows.
LOCKED = 700
# Seconds that a batch should take: it grows and shrinks by that.
AIM = 0.1
FEWEST, MOST = 100, 5000
# Rows looked for at once.
FOUND = 50_000
# Rows that could not be removed by themselves, after which a table waits for the next hour.
STUCK = 10


def deletion(table, dialect):
    """SQL that removes the rows whose keys are in arrays, one for each column: it stays the same for any number of rows."""
    quoted = dialect.identifier_preparer.quote
    keys = {f"k{at}": column for at, column in enumerate(table.primary_key.columns)}
    arrays = ", ".join(f"CAST(:{key} AS {column.type.compile(dialect)}[])" for key, column in keys.items())
    same = " AND ".join(f"old.{quoted(column.name)} = given.{key}" for key, column in keys.items())
    names = ", ".join(keys)
    return text(f"DELETE FROM {quoted(table.name)} AS old USING unnest({arrays}) AS given({names}) WHERE {same}")


def arrays_of(rows):
    """The values of rows by column; the driver knows no arrays of UUIDs."""
    columns = zip(*rows)
    return {f"k{at}": [str(one) if isinstance(one, UUID) else one for one in column] for at, column in enumerate(columns)}


def remove_rows(connection, table, keys):
    """Removes rows by their primary keys; returns how many, and how many stay because others hold or need them."""
    size, removed, stuck = FEWEST, 0, 0
    statement = deletion(table, connection.dialect)
    while keys and stuck < STUCK:
        batch = keys[:size]
        begun = time.monotonic()
        try:
            with connection.begin():
                connection.execute(text(f"SET LOCAL statement_timeout = {LOCKED}"))
                removed += connection.execute(statement, arrays_of(batch)).rowcount
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            if len(batch) > 1:
                size = len(batch) // 4 or 1
                continue
            stuck += 1
        keys = keys[len(batch) :]
        took = time.monotonic() - begun
        size = max(min(int(len(batch) * AIM / took), len(batch) * 2, MOST), min(len(batch), FEWEST))
        # Lets others have the database for as long.
        time.sleep(took)
    return removed, stuck


def clean(engine, name, old):
    """Removes the old rows of a table.

    :param old: returns the query of their primary keys, from columns of the table
    """
    table = Table(name, MetaData(), autoload_with=engine, resolve_fks=False)
    total = 0
    while True:
        with engine.connect() as connection:
            with connection.begin():
                keys = connection.execute(old(table).limit(FOUND)).fetchall()
            removed, stuck = remove_rows(connection, table, keys)
        total += removed
        if len(keys) < FOUND or stuck:
            if total or stuck:
                left = f", {stuck} or more are in use and stay" if stuck else ""
                print(f"retention: {total} rows of {name} removed{left}", flush=True)
            return


def clean_metadata(before):
    from airflow.utils import db_cleanup
    from airflow.utils.session import create_session

    with create_session() as session:
        engine = session.get_bind()
        present = set(inspect(engine).get_table_names())
        names, configs = db_cleanup._effective_table_names(table_names=None)
        for name in names:
            if name not in present:
                continue
            query = db_cleanup._build_query(session=session, clean_before_timestamp=before, **vars(configs[name]))

            def old(table, query=query):
                keys = [literal_column(f"base.{key.name}", key.type) for key in table.primary_key.columns]
                # Airflow 2 has an object of the ORM around the statement.
                return getattr(query, "statement", query).with_only_columns(*keys)

            clean(engine, name, old)


def clean_results(before):
    from airflow.configuration import conf

    backend = conf.get("celery", "result_backend")
    if not backend.startswith("db+"):
        return
    engine = create_engine(backend.removeprefix("db+"), poolclass=NullPool)
    for name in ("celery_taskmeta", "celery_tasksetmeta"):
        if inspect(engine).has_table(name):
            # Celery writes UTC without saying so.
            naive = before.replace(tzinfo=None)
            clean(engine, name, lambda table: select(*table.primary_key.columns).where(table.c.date_done < naive))


def main():
    from airflow.providers.celery.executors.celery_executor_utils import app

    keep = json.loads((HERE / "retention.json").read_text())
    now = datetime.datetime.now(datetime.timezone.utc)
    with app.connection_for_write() as connection, connection.channel() as channel:
        # One scheduler of several, once an hour.
        if not channel.client.set("airflow-retention", "", nx=True, ex=3000):
            return
        remove_orphans(channel.client)
    if keep["metadata"] is not None:
        clean_metadata(now - datetime.timedelta(days=keep["metadata"]))
    if keep["results"] is not None:
        clean_results(now - datetime.timedelta(days=keep["results"]))


if __name__ == "__main__":
    main()
