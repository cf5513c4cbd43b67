"""Says which old rows of Airflow's metadata are in use. `airflow db clean` goes by age alone, and leaves out some tables."""

# Tables that `airflow db clean` leaves out, with the column that has the age of their rows. Tasks that name assets by their data, by an
# alias, make new ones at each run. In Airflow 2 assets are datasets.
LEFT_OUT = {"backfill": "completed_at", "asset": "updated_at", "dataset": "updated_at"}

OPEN = "dag_run.state IN ('queued', 'running')"


def kept(name, columns):
    """Lists queries of what keeps a row of a table, which the queries call `base`.

    :param columns: names of columns by table, for all tables
    """
    own = columns[name]
    if name == "trigger":
        # A trigger has something to start: a task, a callback, or a DAG by an asset's watcher.
        users = sorted(other for other in columns if "trigger_id" in columns[other])
        return [f"SELECT 1 FROM {user} AS used WHERE used.trigger_id = base.id" for user in users]
    if name == "backfill":
        return ["SELECT 1 FROM dag_run AS used WHERE used.backfill_id = base.id"]
    if name in ("asset", "dataset"):
        # Events are removed by their age, and an alias has its assets anew with their next event.
        users = sorted(other for other in columns if f"{name}_id" in columns[other] and other != f"{name}_alias_{name}")
        by_id = [f"SELECT 1 FROM {user} AS used WHERE used.{name}_id = base.id" for user in users]
        named = [("dag_schedule_asset_name_reference", "name"), ("dag_schedule_asset_uri_reference", "uri")]
        return by_id + [f"SELECT 1 FROM {user} AS used WHERE used.{key} = base.{key}" for user, key in named if user in columns]
    if name == "dag_run":
        return ["SELECT 1 WHERE base.state IN ('queued', 'running')"]
    if {"dag_id", "run_id"} <= own:
        return [f"SELECT 1 FROM dag_run WHERE dag_run.dag_id = base.dag_id AND dag_run.run_id = base.run_id AND {OPEN}"]
    if "ti_id" in own:
        task = "SELECT 1 FROM task_instance AS task JOIN dag_run ON dag_run.dag_id = task.dag_id AND dag_run.run_id = task.run_id"
        return [f"{task} WHERE task.id = base.ti_id AND {OPEN}"]
    return []
