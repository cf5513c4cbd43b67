/**
 * Keys that a scheduler's retention removes from a database with old rows, by table: of runs, of a running one and of one that has ended;
 * of backfills, of one with a run, one without, and one that has not ended; of assets or datasets, of one with an event, a consumer, a
 * producer, an alias, by whose name and URI alone a DAG is scheduled, a new one, and one without any. True if a run that is open by the
 * time of its removal is spared. The database is SQLite's, which cannot remove rows as Postgres does, and refuses those of a table before.
 */
export const removable = `
import datetime, os
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "sqlite:////tmp/airflow.db"
import airflow
from airflow_on_celery import records
from airflow import settings
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.utils import timezone
from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
import_all_models()
# Notes refer to users, whose tables belong to the manager of access.
tables = {name: table for name, table in Base.metadata.tables.items() if not name.endswith("_note")}
Base.metadata.create_all(settings.engine, tables=tables.values())
now = timezone.utcnow()
old = now - datetime.timedelta(days=100)
is_2 = airflow.__version__.startswith("2.")
asset = "dataset" if is_2 else "asset"
removed = {"dag_run": [], "backfill": [], asset: []}
with settings.engine.begin() as connection:
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    def add(table, **values):
        present = {name: value for name, value in values.items() if name in tables[table].c}
        connection.execute(insert(tables[table]).values(present))
    for id, state in (1, "running"), (2, "success"):
        day = old + datetime.timedelta(id)
        dates = {"execution_date": day, "logical_date": day, "start_date": day, "run_after": day}
        add("dag_run", id=id, dag_id="d", run_id=str(id), run_type="manual", state=state, backfill_id=id, **dates)
    for id, ended in () if is_2 else ((1, old), (4, old), (5, None)):
        add("backfill", id=id, dag_id="d", from_date=old, to_date=old, completed_at=ended, max_active_runs=1, dag_run_conf={}, reprocess_behavior="none", sort_ordinal=1)
    for id in range(1, 9):
        add(asset, id=id, name=f"n{id}", uri=f"u{id}", group="g", extra={}, created_at=old, updated_at=now if id == 7 else old)
    of = lambda id: {f"{asset}_id": id, "dag_id": "d", "task_id": "t", "created_at": old, "updated_at": old}
    add(f"{asset}_event", id=1, extra={}, timestamp=now, **of(1))
    add(f"dag_schedule_{asset}_reference", allow_global_producers=True, **of(2))
    add(f"task_outlet_{asset}_reference", allow_global_consumers=True, **of(3))
    add(f"{asset}_alias_{asset}", alias_id=1, **of(4))
    if not is_2:
        add("dag_schedule_asset_name_reference", name="n5", **of(5))
        add("dag_schedule_asset_uri_reference", uri="u6", **of(6))
told = []

def remove_rows(connection, table, keys, unless):
    if table.name == "log":
        raise DBAPIError("DELETE", {}, OSError("refused"))
    if table.name in removed:
        removed[table.name] += [key for key, in keys]
    if table.name == "dag_run":
        told.append("NOT EXISTS (SELECT 1 WHERE base.state IN ('queued', 'running'))" in str(records.delete_statement(table, postgresql.dialect(), unless)))
    return 0, len(keys)

records.remove_rows = remove_rows
records.columns_of = lambda session: {name: set(table.columns.keys()) for name, table in tables.items()}
records.clean_metadata(now - datetime.timedelta(days=50))
print(*removed.values(), all(told))
`.trim();
