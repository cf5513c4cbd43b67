"""Says which old rows of Airflow's metadata belong to unfinished work. `airflow db clean` goes by age alone."""

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
    if name == "dag_run":
        return ["SELECT 1 WHERE base.state IN ('queued', 'running')"]
    if {"dag_id", "run_id"} <= own:
        return [f"SELECT 1 FROM dag_run WHERE dag_run.dag_id = base.dag_id AND dag_run.run_id = base.run_id AND {OPEN}"]
    if "ti_id" in own:
        task = "SELECT 1 FROM task_instance AS task JOIN dag_run ON dag_run.dag_id = task.dag_id AND dag_run.run_id = task.run_id"
        return [f"{task} WHERE task.id = base.ti_id AND {OPEN}"]
    return []
