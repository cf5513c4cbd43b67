from develop import develop
from develop_plugin import GREETING


def test_tasks():
    assert GREETING == "Greetings"
    assert sorted(develop().task_ids) == ["alone", "look", "wait"]
    assert develop().get_task("look").owner == "airflow"
