"""Tasks that do nothing, one after another: `single` has one, `chain` 40."""

from airflow.sdk import chain, dag, task


@task
def noop():
    pass


def of(length: int):
    chain(*(noop.override(task_id=f"noop_{number}")() for number in range(length)))


@dag(schedule=None)
def single():
    of(1)


dag(schedule=None, dag_id="chain")(lambda: of(40))()
single()
