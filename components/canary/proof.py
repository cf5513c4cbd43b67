"""Runs the canary through every queue, and on every worker. Reads one line of JSON, and writes events as lines of JSON.

The line: {"groups": [{"name": "worker", "queues": ["default"], "workers": ["worker-1"], "places": 4}], "patience": 300, "wakes": true};
`workers` is null where an autoscaler decides, and `wakes` says whether it may have to start one. The events: `waits` with a reason, and the end of each trial: `success`,
`busy` or `failed`. After `{"ended": true}` a second line, with faults that the reader found, ends it; so does the end of the input.
"""

import collections
import json
import os
import re
import sys
import time

# This file's folder has names that other modules use, and the one above what makes starts shorter.
sys.path[0] = "/opt/airflow"
# One connection at a time: no pool of a process that lives on.
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_ENABLED"] = "False"
import start  # noqa: E402, F401, before Airflow
from airflow.providers.celery.executors.celery_executor_utils import app  # noqa: E402
from airflow_on_celery import rows  # noqa: E402
from celery.app.control import Inspect  # noqa: E402

# Seconds in which a worker that runs answers, even on a busy machine.
ANSWER = 30
# Seconds for which a worker, or the scheduler, has to be full before the canary gives way.
FULL = 60
# Seconds between two looks at the reasons for which trials wait.
EVERY = 10


def tell(**event):
    print(json.dumps(event), flush=True)


class Trial:
    """One run of the canary.

    :param kind: `queue`, for any worker that reads it, or `worker`, for this one
    """

    def __init__(self, kind, name, readers, stamp):
        self.kind = kind
        self.name = name
        self.readers = readers
        self.run = f"{kind}.{name}.{stamp}"
        # Read by this worker alone, from now to the end of the proof.
        self.queue = name if kind == "queue" else f"{rows.ID}.{name}.{stamp}"
        self.outcome = None
        self.why = None
        self.full_since = None

    def end(self, outcome, **facts):
        self.outcome = outcome
        tell(event=outcome, kind=self.kind, name=self.name, run=self.run, **facts)

    def wait(self, why):
        if why != self.why:
            self.why = why
            tell(event="waits", kind=self.kind, name=self.name, why=why)


class Workers:
    """The workers that answer, and what they read and run."""

    def __init__(self):
        self.queues = {}
        self.running = {}

    def look(self, expected):
        """Asks again, all or the ones that have not answered."""
        missing = [f"celery@{name}" for name in expected if name not in self.queues]
        if expected and not missing:
            return
        inspect = Inspect(app=app, destination=missing or None, timeout=5, limit=len(missing) or None)
        for node, queues in (inspect.active_queues() or {}).items():
            self.queues[node.partition("@")[2]] = [queue["name"] for queue in queues]

    def count(self, names):
        nodes = [f"celery@{name}" for name in names]
        active = Inspect(app=app, destination=nodes, timeout=5, limit=len(nodes)).active() or {}
        self.running = {node.partition("@")[2]: [task["id"] for task in tasks] for node, tasks in active.items()}


class Proof:
    def __init__(self, groups, patience, wakes):
        self.begun = time.monotonic()
        self.patience = patience
        self.groups = groups
        self.wakes = wakes
        # Two proofs may run at once.
        self.stamp = f"{time.time():.0f}-{os.getpid()}"
        self.workers = Workers()
        self.places = {}
        self.trials = []
        self.consuming = []
        self.sent = None

    def age(self):
        return time.monotonic() - self.begun

    def find_workers(self):
        """Waits for those that have to be there; those of an autoscaler are the ones that are."""
        expected = [name for group in self.groups for name in group["workers"] or ()]
        self.workers.look(())
        while self.age() < ANSWER and not set(expected) <= set(self.workers.queues):
            self.workers.look(expected)
        for group in self.groups:
            names = group["workers"]
            if names is None:
                names = [name for name in self.workers.queues if re.fullmatch(rf"{group['name']}-\d+", name)]
            for name in names:
                self.places[name] = group["places"]
                self.plan_worker(name, group["queues"])

    def plan_worker(self, name, queues):
        trial = Trial("worker", name, [name], self.stamp)
        self.trials.append(trial)
        if name not in self.workers.queues:
            return trial.end("failed", step="broker", why="it does not answer over the broker")
        unread = [queue for queue in queues if queue not in self.workers.queues[name]]
        if unread:
            trial.end("failed", step="queues", why=f"it does not read {', '.join(unread)}")

    def plan_queues(self):
        autoscaled = {queue for group in self.groups if group["workers"] is None for queue in group["queues"]}
        for queue in dict.fromkeys(queue for group in self.groups for queue in group["queues"]):
            readers = [name for name, queues in self.workers.queues.items() if queue in queues]
            if not readers and queue in autoscaled and not self.wakes:
                continue
            trial = Trial("queue", queue, readers, self.stamp)
            self.trials.append(trial)
            if not readers and queue not in autoscaled:
                trial.end("failed", step="queue", why="no worker reads it")

    def open(self):
        return [trial for trial in self.trials if trial.outcome is None]

    def consume(self):
        """Has each worker read a queue of its own, in which nobody else can take the canary."""
        for trial in self.open():
            if trial.kind != "worker":
                continue
            node = [f"celery@{trial.name}"]
            if app.control.add_consumer(trial.queue, destination=node, reply=True, timeout=5, limit=1):
                self.consuming.append(trial)
            else:
                trial.end("failed", step="broker", why="it does not answer over the broker")

    def has_bundle(self):
        while not rows.has_bundle():
            if self.age() > self.patience:
                for trial in self.open():
                    trial.end("failed", step="dag-processor", why="the DAG processor has not written its bundles")
                return False
            time.sleep(1)
        return True

    def run(self):
        self.find_workers()
        self.plan_queues()
        self.consume()
        if not self.open() or not self.has_bundle():
            return
        self.sent = rows.begin({trial.run: trial.queue for trial in self.open()})
        looked = time.monotonic()
        while self.open():
            time.sleep(0.5)
            self.look(rows.tasks([trial.run for trial in self.open()]))
            if time.monotonic() - looked > EVERY:
                self.explain(rows.tasks([trial.run for trial in self.open()]))
                looked = time.monotonic()

    def look(self, tasks):
        for trial in self.open():
            ti = tasks.get(trial.run)
            if ti is None:
                trial.end("failed", step="database", why="its row is gone")
            elif ti.state == "success":
                trial.end("success", seconds=round((ti.end_date - self.sent).total_seconds(), 1))
            elif ti.state not in ("scheduled", "queued", "running", "restarting"):
                trial.end("failed", step="task", why=f"the task ended as {ti.state}")

    def explain(self, tasks):
        self.workers.count([name for trial in self.open() for name in trial.readers] or list(self.places))
        load = rows.load()
        for trial in self.open():
            ti = tasks.get(trial.run)
            if ti is None:
                continue
            step, why, full = self.reason(trial, ti, load)
            trial.wait(why)
            trial.full_since = (trial.full_since or time.monotonic()) if full else None
            if trial.full_since and time.monotonic() - trial.full_since > FULL:
                trial.end("busy", why=why)
            elif self.age() > self.patience:
                trial.end("failed", step=step, why=why)

    def reason(self, trial, ti, load):
        """Where the canary is, why it stays there, and whether others only come first."""
        if ti.state == "scheduled":
            return "scheduler", load or "the scheduler has not queued it", load.startswith("the schedulers")
        if ti.state != "queued":
            return "task", f"the task is {ti.state} on {ti.hostname}, and has not ended", False
        if not trial.readers:
            return "queue", "no worker reads it yet: the autoscaler has to start one", False
        running = self.workers.running
        for name, taken in running.items():
            if ti.external_executor_id in taken:
                return "start", f"{name} has taken it, and the task has not reported that it runs", False
        silent = [name for name in trial.readers if name not in running]
        if silent:
            return "broker", f"{', '.join(silent)} does not answer over the broker", False
        places = [f"{name} runs {len(running[name])} of {self.places.get(name, 0)} tasks" for name in trial.readers]
        if all(len(running[name]) >= self.places.get(name, 1) for name in trial.readers):
            return "worker", f"all places are taken: {', '.join(places)}", True
        return "queue", f"no worker has taken it: {', '.join(places)}", False

    def clean(self, faults):
        """Takes back what is still on its way, and leaves one line."""
        late = [trial.run for trial in self.trials if trial.outcome != "success"]
        sent = [ti.external_executor_id for ti in rows.tasks(late).values() if ti.external_executor_id]
        # A worker that comes to it later drops it.
        for task in sent:
            app.control.revoke(task)
        with app.connection_for_write() as connection:
            for trial in self.consuming:
                node = [f"celery@{trial.name}"]
                app.control.cancel_consumer(trial.queue, destination=node, reply=True, timeout=5, limit=1)
                connection.default_channel.queue_delete(trial.queue)
        outcomes = collections.Counter(trial.outcome for trial in self.trials)
        rows.end([trial.run for trial in self.trials], {**outcomes, "seconds": round(self.age()), "faults": faults})
        # The scheduler stops counting it as running, and finds no row that it would have to fail.
        for task in sent:
            app.backend.mark_as_revoked(task, "the proof is over", store_result=True)


def main():
    request = json.loads(sys.stdin.readline())
    proof = Proof(**request)
    faults = ["it was interrupted"]
    try:
        proof.run()
        tell(event="ended")
        if answer := sys.stdin.readline():
            faults = json.loads(answer)["faults"]
    finally:
        proof.clean(faults)


if __name__ == "__main__":
    main()
