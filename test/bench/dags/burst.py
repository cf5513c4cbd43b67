"""As many tasks that do nothing as a run asks for, all at once. One more try each, so that none is lost in silence."""

from airflow.sdk import Param, dag, task


@task
def numbers(params: dict | None = None) -> list[int]:
    return list(range(params["count"]))


@task(retries=1, retry_delay=5)
def noop(number: int):
    pass


@dag(schedule=None, max_active_tasks=1000, params={"count": Param(1000, type="integer", minimum=1, maximum=1024)})
def burst():
    noop.expand(number=numbers())


burst()
