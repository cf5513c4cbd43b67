"""usage: repeat.py SECONDS MAJOR URL USER

Proves the stack again and again, as `npm run prove` does, and logs what fails. MAJOR is Airflow's version, and URL the webserver's.
"""

import base64
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")
# Seconds after which a proof hangs.
PATIENCE = 900
# Seconds in which the log of a task that has ended is there.
LOG = 10

every, major, url, user = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]


def ask(path, authorization=None, body=None):
    headers = {"content-type": "application/json", "accept": "application/json"}
    if authorization:
        headers["authorization"] = authorization
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=30) as response:
        return json.load(response)


def login():
    password = pathlib.Path("/run/secrets/admin_password").read_text()
    if major == "2":
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return "Bearer " + ask("/auth/token", body={"username": user, "password": password})["access_token"]


def log_fault(run, authorization):
    """Why the webserver does not show the log of a run, or nothing."""
    root = "/api/v1" if major == "2" else "/api/v2"
    path = f"{root}/dags/airflow_on_celery.canary/dagRuns/{run}/taskInstances/canary/logs/1"
    for _ in range(LOG):
        try:
            if f"canary {run} ran on" in json.dumps(ask(path, authorization)):
                return None
            why = "the webserver shows a log without the canary's line"
        except (OSError, urllib.error.HTTPError) as error:
            why = f"the webserver does not show the log: {error}"
        time.sleep(1)
    return why


def faults_of(events):
    """What failed, of the trials that ended."""
    ended = [event for event in events if event["event"] in ("success", "failed")]
    faults = [f"{event['kind']} {event['name']}: {event['why']}" for event in ended if event["event"] == "failed"]
    try:
        authorization = login()
    except (OSError, urllib.error.HTTPError) as error:
        return [*faults, f"webserver: it refuses the login of {user}: {error}"]
    for event in ended:
        why = log_fault(event["run"], authorization) if event["event"] == "success" else None
        if why:
            faults.append(f"{event['kind']} {event['name']}: {why}")
    return faults


def prove():
    """Runs one proof; returns the number of trials and the faults."""
    program = [sys.executable, str(HERE / "proof.py")]
    # Silences deprecations of Airflow's, which say nothing about the stack.
    env = os.environ | {"PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True) as child:
        timer = threading.Timer(PATIENCE, child.kill)
        timer.start()
        print((HERE / "request.json").read_text(), file=child.stdin, flush=True)
        events, faults = [], ["the proof did not end"]
        for line in child.stdout:
            if not line.startswith('{"event"'):
                continue
            events.append(json.loads(line))
            if events[-1]["event"] == "ended":
                faults = faults_of(events)
                with contextlib.suppress(BrokenPipeError):
                    print(json.dumps({"faults": faults}), file=child.stdin, flush=True)
        timer.cancel()
    return sum(event["event"] == "success" for event in events), faults


def beat():
    while True:
        HEARTBEAT.touch()
        time.sleep(5)


threading.Thread(target=beat, daemon=True).start()
while True:
    begun = time.monotonic()
    trials, faults = prove()
    print(f"{trials} trials passed in {time.monotonic() - begun:.0f} s", *faults, sep="\nFAILED ", flush=True)
    time.sleep(max(0, every - (time.monotonic() - begun)))
