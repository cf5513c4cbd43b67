"""DAGs of a made-up shop, for pictures: tasks only take time, and one in twelve imports fails at its first try."""

import time

from airflow.sdk import dag, get_current_context, task, task_group


def work(seconds):
    time.sleep(seconds)


@task(retries=2, retry_delay=1)
def load_part(part: int):
    work(2 + part % 4)
    if part == 7 and get_current_context()["ti"].try_number == 1:
        raise RuntimeError("The supplier's server closed the connection.")
    return part * 100


@task
def step(seconds, *_):
    work(seconds)


@dag(schedule="@hourly", catchup=False, tags=["sales"], max_active_runs=2)
def orders():
    @task_group
    def extract():
        return [step.override(task_id=source)(2) for source in ("web", "shops", "partners")]

    @task
    def parts():
        return list(range(12))

    @task
    def join_parts(loaded: list[int], _):
        work(2)
        print(f"{sum(loaded)} orders")

    joined = join_parts(load_part.expand(part=parts()), extract())
    step.override(task_id="invoices")(2, joined)
    step.override(task_id="report")(1, joined)


@dag(schedule="@daily", catchup=False, tags=["sales"])
def customers():
    fetched = step.override(task_id="fetch")(1)
    cleaned = [step.override(task_id=f"clean_{region}")(2, fetched) for region in ("north", "south", "west")]
    step.override(task_id="segments")(2, *cleaned)


@dag(schedule="@daily", catchup=False, tags=["forecast"])
def stock_forecast():
    features = step.override(task_id="features")(2)
    models = [step.override(task_id=f"train_{model}", queue="gpu")(12, features) for model in ("trend", "season")]
    step.override(task_id="compare")(1, *models)


@dag(schedule="@weekly", catchup=False, tags=["reports"])
def weekly_mail():
    step.override(task_id="send")(1, step.override(task_id="render")(2))


orders()
customers()
stock_forecast()
weekly_mail()
