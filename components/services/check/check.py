"""usage: check.py CONNECTIONS [--redis-authorities FILE] [--redis-certificate FILE]

Looks at the Postgres and the Redis that a stack is given, as Airflow will use them, before anything else is touched.
Checks the services whose URLs are in /run/secrets: metadata_url, results_url, broker_url.
CONNECTIONS says how many the stack may open to Postgres. The files are in PEM: authorities of Redis, and the certificate
that is shown to it, whose key is the secret redis_client_key.
Prints what was tried, what is needed and what mends it, never a password; the exit code is the number of complaints.
"""

import argparse
import pathlib
import sys

import check_postgres
import check_redis

secrets = pathlib.Path("/run/secrets")
parser = argparse.ArgumentParser()
parser.add_argument("connections", type=int)
parser.add_argument("--redis-authorities")
parser.add_argument("--redis-certificate")
arguments = parser.parse_args()


def given(name):
    file = secrets / name
    return file.read_text() if file.exists() else None


complaints = []
metadata, results, broker = given("metadata_url"), given("results_url"), given("broker_url")
if metadata:
    complaints += check_postgres.complaints("postgres.url", metadata, arguments.connections)
if results and results != metadata:
    complaints += check_postgres.complaints("postgres.resultsUrl", results, 0)
if broker:
    identity = arguments.redis_certificate and (arguments.redis_certificate, str(secrets / "redis_client_key"))
    complaints += check_redis.complaints("redis.url", broker, arguments.redis_authorities, identity)

for complaint in complaints:
    print(f"ERROR {complaint}", flush=True)
if not complaints:
    print("All that Airflow needs of its services is there.", flush=True)
sys.exit(len(complaints))
