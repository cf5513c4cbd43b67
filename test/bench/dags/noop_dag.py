"""Many tasks that do nothing: what remains is what it costs to run a task."""

from airflow.sdk import dag, task


@dag(schedule=None)
def noop_dag():
    @task
    def noop(number: int):
        pass

    noop.expand(number=list(range(200)))


noop_dag()
