from airflow.plugins_manager import AirflowPlugin

GREETING = "Greetings"


class Develop(AirflowPlugin):
    name = "develop"
