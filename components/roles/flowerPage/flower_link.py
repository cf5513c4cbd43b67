"""Plugin with a link to Flower in Airflow's menu, for people who may see the webserver's plugins."""

from airflow.plugins_manager import AirflowPlugin
from airflow_on_celery.flower_page import given


class FlowerLink(AirflowPlugin):
    name = "airflow_on_celery_flower"
    external_views = [{"name": "Flower", "href": f"{given['path']}/", "destination": "nav", "category": "admin"}]
