"""usage: check.py

Looks at the Postgres and the Redis that a stack is given, as Airflow will use them, before anything else is touched.
What is to be checked is told by the files in /run/secrets: metadata_url, results_url, broker_url, as far as they are there.
DATABASE_CONNECTIONS says how many connections the stack may open, and REDIS_CA names a file of authorities.
Prints what was tried, what is needed and what mends it, never a password; the exit code is the number of complaints.
"""

import os
import pathlib
import sys

import check_postgres
import check_redis

secrets = pathlib.Path("/run/secrets")
connections = int(os.environ.get("DATABASE_CONNECTIONS", "0"))


def given(name):
    file = secrets / name
    return file.read_text() if file.exists() else None


complaints = []
metadata, results, broker = given("metadata_url"), given("results_url"), given("broker_url")
if metadata:
    complaints += check_postgres.complaints("postgres.url", metadata, connections)
if results and results != metadata:
    complaints += check_postgres.complaints("postgres.resultsUrl", results, 0)
if broker:
    complaints += check_redis.complaints("redis.url", broker, os.environ.get("REDIS_CA"))

for complaint in complaints:
    print(f"ERROR {complaint}", flush=True)
if not complaints:
    print("All that Airflow needs of its services is there.", flush=True)
sys.exit(len(complaints))
