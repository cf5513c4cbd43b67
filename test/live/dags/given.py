"""A task that looks at what its role is given, and goes outside."""

import os
import urllib.request
from pathlib import Path

import requests

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@task
def look():
    assert os.environ["GREETING"] == "good morning", os.environ["GREETING"]
    assert Path("/opt/airflow/config/given.ini").read_text() == "[given]\n"
    assert Path("/run/secrets/token").read_text() == "of-the-worker"
    Path("/opt/models/model").write_text("learned")
    # Reaches a server of a private authority, by a name that is in no DNS, with OpenSSL and with requests.
    private = f"https://private.test:{os.environ['PRIVATE_PORT']}/"
    assert urllib.request.urlopen(private, timeout=10).read() == b"private"
    assert requests.get(private, timeout=10).text == "private"
    # Asks for a host that does not exist: the proxy answers.
    assert requests.get("http://outside.test/page", timeout=10).text == "by proxy"


@dag(schedule=None)
def given():
    look()


given()
