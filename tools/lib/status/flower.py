"""Asks Flower, beside which it runs, about queues and about workers: python -c "$(cat flower.py)" WORKER...

Prints JSON: queued messages by queue, and by worker its queues, the running tasks of each,
and the tasks that it runs at once; null for a silent worker.
"""

import base64
import collections
import concurrent.futures
import http.client
import json
import os
import sys
import time
import urllib.parse

begin = time.time()
with open("/run/secrets/flower_basic_auth", "rb") as file:
    login = base64.b64encode(file.read().strip()).decode()


def ask(path):
    flower = http.client.HTTPConnection("127.0.0.1", 5555, timeout=30)
    flower.request("GET", os.environ.get("FLOWER_URL_PREFIX", "") + path, headers={"Authorization": f"Basic {login}"})
    response = flower.getresponse()
    if response.status == 404:
        return {}
    if response.status != 200:
        sys.exit(f"Flower answered {response.status} to {path}")
    return json.load(response)


def look(worker, attempts=3):
    name = f"celery@{worker}"
    info = ask(f"/api/workers?refresh=1&workername={urllib.parse.quote(name)}").get(name, {})
    # Flower waits one second for a worker, and returns its last answer if none comes.
    if info.get("timestamp", 0) < begin:
        return look(worker, attempts - 1) if attempts > 1 else None
    active = [task["delivery_info"]["routing_key"] for task in info.get("active", [])]
    queues = [queue["name"] for queue in info.get("active_queues", [])]
    places = info.get("stats", {}).get("pool", {}).get("max-concurrency", 0)
    return {"queues": queues, "running": collections.Counter(active), "places": places}


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    workers = dict(zip(sys.argv[1:], pool.map(look, sys.argv[1:])))
queued = {queue["name"]: queue["messages"] for queue in ask("/api/queues/length")["active_queues"]}
print(json.dumps({"workers": workers, "queued": queued}))
