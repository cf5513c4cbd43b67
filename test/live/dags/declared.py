"""A task that needs what the stack declares: a connection, a variable, a pool, a Python package and a Debian package."""

import hashlib
import subprocess

import cowsay
from airflow.sdk import Connection, Variable, dag, task


@dag(dag_id="declared", schedule=None)
def declare():
    @task(pool="api")
    def look():
        password = hashlib.sha256(Connection.get("db").password.encode()).hexdigest()
        jq = subprocess.run(["jq", "--version"], check=True, capture_output=True, text=True).stdout.strip()
        seen = [password, Variable.get("greeting"), jq, cowsay.get_output_string("cow", "moo").count("moo")]
        print("seen:", *seen)

    look()


declare()
