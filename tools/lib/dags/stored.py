"""Prints the connections and variables in Airflow's database as JSON, for a database of the same kind."""

import json
import logging

logging.disable(logging.CRITICAL)

from airflow import settings  # noqa: E402
from airflow.models import Connection, Variable  # noqa: E402

FIELDS = ("conn_id", "conn_type", "description", "host", "login", "password", "schema", "port", "extra")

session = settings.Session()
connections = [{field: getattr(row, field) for field in FIELDS} for row in session.query(Connection)]
variables = {row.key: row.val for row in session.query(Variable)}
print(json.dumps({"connections": connections, "variables": variables}))
