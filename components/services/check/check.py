"""usage: check.py CONNECTIONS [REDIS_AUTHORITIES]

Looks at the Postgres and the Redis that a stack is given, as Airflow will use them, before anything else is touched.
Checks the services whose URLs are in /run/secrets: metadata_url, results_url, broker_url.
CONNECTIONS says how many the stack may open to Postgres, and REDIS_AUTHORITIES is a file in PEM.
Prints what was tried, what is needed and what mends it, never a password; the exit code is the number of complaints.
"""

import pathlib
import sys

import check_postgres
import check_redis

secrets = pathlib.Path("/run/secrets")
connections, redis_authorities = int(sys.argv[1]), next(iter(sys.argv[2:]), None)


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
    complaints += check_redis.complaints("redis.url", broker, redis_authorities)

for complaint in complaints:
    print(f"ERROR {complaint}", flush=True)
if not complaints:
    print("All that Airflow needs of its services is there.", flush=True)
sys.exit(len(complaints))
