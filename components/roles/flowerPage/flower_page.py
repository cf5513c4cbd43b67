"""Puts Flower below the webserver, when uvicorn loads the application.

Flower shows the tokens of tasks, and stops workers. Whoever may change Airflow's roles can do everything anyway: nobody else is let in.
"""

import asyncio
import json
from contextlib import suppress
from functools import partial
from pathlib import Path

from airflow_on_celery.gate import Gate
from uvicorn import Config

given = json.loads(Path(__file__).with_suffix(".json").read_text())
load = Config.load


async def visitor(admission, token):
    """Tells who has a token of Airflow. The question needs a connection to the database, and waits for one as other requests do."""
    from airflow.api_fastapi.app import get_auth_manager
    from jwt import InvalidTokenError

    if not token:
        return None
    if not await admission.acquire(admission.waiters):
        raise asyncio.TimeoutError("the webserver is overloaded")
    try:
        manager = get_auth_manager()
        user = await manager.get_user_from_token(token)
        return user.get_name(), manager.is_authorized_custom_view(method="PUT", resource_name="Roles", user=user)
    except InvalidTokenError:
        return None
    finally:
        admission.release()


def add_link():
    """Adds a link to Airflow's menu, for people who may see the webserver's plugins."""
    from airflow import plugins_manager

    class FlowerLink(plugins_manager.AirflowPlugin):
        name = "airflow_on_celery_flower"
        source = "the stack"
        external_views = [{"name": "Flower", "href": f"{given['path']}/", "destination": "nav", "category": "admin"}]

    # An Airflow that keeps its plugins elsewhere has no link.
    with suppress(AttributeError):
        plugins_manager._get_plugins()[0].append(FlowerLink())


def load_with_flower(self):
    load(self)
    login = Path("/run/secrets/flower_basic_auth").read_text()
    address = given["host"], given["port"]
    self.loaded_app = Gate(self.loaded_app, given["path"], address, login, partial(visitor, self.loaded_app))
    add_link()


Config.load = load_with_flower
