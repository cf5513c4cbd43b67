"""usage: check.py CONNECTIONS [--redis-authorities FILE] [--redis-certificate FILE]

Checks the external Postgres and Redis of a stack as Airflow will use them, before the deployment touches anything else.
The URLs are the secrets metadata_url, results_url and broker_url; a service without a URL is not checked.
CONNECTIONS is the maximum number of connections that the stack opens to Postgres. Each FILE is in PEM: the authorities of
Redis, and a client certificate, whose key is the secret redis_client_key.
Prints each fault with the login that was tried, the expected state and the fix, never a password. The exit code is the number
of faults.
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


def read_secret(name):
    file = secrets / name
    return file.read_text() if file.exists() else None


checks = []
metadata, results, broker = read_secret("metadata_url"), read_secret("results_url"), read_secret("broker_url")
if metadata:
    checks.append(check_postgres.check("postgres.url", metadata, arguments.connections))
if results and results != metadata:
    checks.append(check_postgres.check("postgres.resultsUrl", results, 0))
if broker:
    identity = arguments.redis_certificate and (arguments.redis_certificate, str(secrets / "redis_client_key"))
    checks.append(check_redis.check("redis.url", broker, arguments.redis_authorities, identity))

faults = [fault for found in checks for fault in found]
for fault in faults:
    print(f"ERROR {fault}", flush=True)
if not faults:
    print(f"All {len(checks)} checks passed.", flush=True)
sys.exit(len(faults))
