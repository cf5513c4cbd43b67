"""A trigger, which only works if the triggerer can import the package."""

from airflow.triggers.base import BaseTrigger, TriggerEvent


class Opening(BaseTrigger):
    def serialize(self):
        return ("shop.opening.Opening", {})

    async def run(self):
        yield TriggerEvent("open")
