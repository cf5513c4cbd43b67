"""DAGs of the past, whose runs the bench generates, and `pulse`, which runs meanwhile. For Airflow 2 and 3."""

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

# Shapes of the past: DAGs, and tasks of each, one after another.
DAGS, TASKS = 20, 10


@task
def noop():
    pass


@dag(schedule=None)
def pulse():
    noop()


def past():
    tasks = [noop.override(task_id=f"task_{number}")() for number in range(TASKS)]
    for earlier, later in zip(tasks, tasks[1:]):
        earlier >> later


pulse()
for number in range(DAGS):
    dag(schedule=None, dag_id=f"past_{number:02}")(past)()
