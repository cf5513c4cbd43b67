"""usage: repeat.py SECONDS LOG_SECONDS MAJOR URL USER

Proves the stack every SECONDS, as `npm run prove` does, sooner after a proof with faults, and logs the faults. LOG_SECONDS is the time in
which the logs of all tasks of a proof can be read, MAJOR the major version of Airflow, URL the address of the webserver, and USER an
administrator, whose password is the secret admin_password.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")
# Errors of requests: no answer, one that was cut off, or one of somebody else.
REQUEST_ERRORS = (OSError, ValueError, http.client.HTTPException)
# Seconds after which a proof is killed.
PROOF_TIMEOUT = 900
# Seconds from the start of a proof with faults to that of the next, unless the interval is shorter.
RETRY = 120

interval, log_seconds = int(sys.argv[1]), int(sys.argv[2])
major, url, user = sys.argv[3:]


def request(path, authorization=None, body=None):
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
    return "Bearer " + request("/auth/token", body={"username": user, "password": password})["access_token"]


def log_fault(run, authorization, end):
    """Returns why the webserver does not show the log of a run until a time, in monotonic seconds; None if it does."""
    root = "/api/v1" if major == "2" else "/api/v2"
    path = f"{root}/dags/airflow_on_celery.canary/dagRuns/{run}/taskInstances/canary/logs/1"
    while True:
        try:
            if f"canary {run} ran on" in json.dumps(request(path, authorization)):
                return None
            why = "the webserver shows a log without the canary's line"
        except REQUEST_ERRORS as error:
            why = f"the webserver does not show the log: {error}"
        if time.monotonic() > end:
            return why
        time.sleep(1)


def faults_of(events):
    """Returns the faults of the trials that ended, including logs that the webserver does not show."""
    ended = [event for event in events if event["event"] in ("success", "failed")]
    faults = [f"{event['kind']} {event['name']}: {event['why']}" for event in ended if event["event"] == "failed"]
    try:
        authorization = login()
    except REQUEST_ERRORS as error:
        return [*faults, f"webserver: the login of {user} failed: {error}"]
    end = time.monotonic() + log_seconds
    for event in ended:
        why = log_fault(event["run"], authorization, end) if event["event"] == "success" else None
        if why:
            faults.append(f"{event['kind']} {event['name']}: {why}")
    return faults


def prove():
    """Runs one proof; returns the number of trials that passed, and the faults."""
    program = [sys.executable, str(HERE / "proof.py")]
    # Hides Airflow's deprecation warnings, which say nothing about the stack.
    env = os.environ | {"PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True) as child:
        timer = threading.Timer(PROOF_TIMEOUT, child.kill)
        # Lets this program end after an error, to be started again.
        timer.daemon = True
        timer.start()
        print((HERE / "request.json").read_text(), file=child.stdin, flush=True)
        events, faults = [], [f"the proof did not end within {PROOF_TIMEOUT} s"]
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


def rest(seconds, faults):
    """Returns the seconds until the next proof after one that took `seconds`."""
    return max(0, (min(interval, RETRY) if faults else interval) - seconds)


def main():
    threading.Thread(target=beat, daemon=True).start()
    while True:
        started = time.monotonic()
        passed, faults = prove()
        seconds = time.monotonic() - started
        print(f"proof: {passed} trials passed, {len(faults)} faults, {seconds:.0f} s", *faults, sep="\nFAILED ", flush=True)
        time.sleep(rest(seconds, faults))


if __name__ == "__main__":
    main()
