"""Runs the canary through every queue, and on every worker. Reads a request from standard input, and prints events, as lines of JSON.

Request: {"groups": [{"name": "worker", "queues": ["default"], "workers": ["worker-1"], "places": 4}], "patience": 300, "wakes": true}.
`workers` is null for a group with an autoscaler; `wakes` also tries queues for which the autoscaler has to start a worker. A trial
fails that still waits `patience` seconds after the start of the proof, unless it waits for other tasks only.
Events: `waits` with a reason; `success`, `busy` or `failed` at the end of a trial; `ended` after all trials. The program then reads
{"faults": [...]}, which it stores as the result, and ends; the end of the input counts as an interruption.
"""

import collections
import json
import os
import re
import sys
import time

# Replaces this file's folder, whose modules would hide others of the same name, by the folder of start.py.
sys.path[0] = "/opt/airflow"
# Opens at most one connection to the database at a time, which the connection budget assumes.
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_ENABLED"] = "False"
import start  # noqa: E402, F401, before Airflow
from airflow.providers.celery.executors.celery_executor_utils import app  # noqa: E402
from airflow_on_celery import rows  # noqa: E402
from celery.app.control import Inspect  # noqa: E402

# Seconds in which a running worker answers to remote control, even on a busy machine.
ANSWER_SECONDS = 30
# Seconds for which workers or schedulers have to be at their limit before a trial ends as `busy`.
BUSY_SECONDS = 60
# Hash with the leases of workers; those of Airflow 2 hold none.
LEASES = "airflow-leases"
STOPS = "the worker finishes its tasks before it ends"
# Seconds between two events about why trials wait.
EXPLAIN_INTERVAL = 10


def emit(**event):
    print(json.dumps(event), flush=True)


class Trial:
    """One run of the canary.

    :param kind: `queue`, for any worker that reads the queue `name`, or `worker`, for the worker `name`
    :param readers: names of the workers that can run it
    :param proof: id of the proof
    """

    def __init__(self, kind, name, readers, proof):
        self.kind = kind
        self.name = name
        self.readers = readers
        self.run = f"{kind}.{name}.{proof}"
        # A temporary queue for a worker, which this worker alone reads until the end of the proof.
        self.queue = name if kind == "queue" else f"{rows.ID}.{name}.{proof}"
        self.outcome = None
        self.why = None
        self.busy_since = None

    def end(self, outcome, **facts):
        self.outcome = outcome
        emit(event=outcome, kind=self.kind, name=self.name, run=self.run, **facts)

    def wait(self, why):
        if why != self.why:
            self.why = why
            emit(event="waits", kind=self.kind, name=self.name, why=why)


def stopping_workers():
    """Returns the times of the leases of workers that finish their tasks before they end, by name; these answer to no remote control."""
    with app.connection_for_write() as connection:
        fields = connection.default_channel.client.hgetall(LEASES)
    leases = {node.decode().partition("@")[2]: json.loads(lease) for node, lease in fields.items() if b"@" in node}
    return {name: lease["at"] for name, lease in leases.items() if lease.get("stopping")}


class Workers:
    """Queues and running tasks of the workers that answer to remote control, by worker."""

    def __init__(self):
        self.queues = {}
        self.running = {}

    def ask_queues(self, names=()):
        """Asks these workers, until all have answered; without names all workers, for 5 s."""
        nodes = [f"celery@{name}" for name in names]
        inspect = Inspect(app=app, destination=nodes or None, timeout=5, limit=len(nodes) or None)
        for node, queues in (inspect.active_queues() or {}).items():
            self.queues[node.partition("@")[2]] = [queue["name"] for queue in queues]

    def ask_running(self, names):
        nodes = [f"celery@{name}" for name in names]
        active = Inspect(app=app, destination=nodes, timeout=5, limit=len(nodes)).active() or {}
        self.running = {node.partition("@")[2]: [task["id"] for task in tasks] for node, tasks in active.items()}


class Proof:
    def __init__(self, groups, patience, wakes):
        self.started = time.monotonic()
        self.patience = patience
        self.groups = groups
        self.wakes = wakes
        # Unique, since two proofs may run at once.
        self.id = f"{time.time():.0f}-{os.getpid()}"
        self.workers = Workers()
        self.stopping = set()
        self.places = {}
        self.trials = []
        self.consuming = []
        self.sent = None

    def age(self):
        return time.monotonic() - self.started

    def find_workers(self):
        """Waits for the fixed workers, and finds the present workers of autoscalers."""
        expected = {name for group in self.groups for name in group["workers"] or ()}
        renewed = {}
        while (missing := expected - self.workers.queues.keys()) and self.age() < ANSWER_SECONDS:
            self.workers.ask_queues(missing)
            if missing - self.workers.queues.keys():
                # A worker that was killed leaves its last lease, which nobody renews.
                self.stopping |= {name for name, at in stopping_workers().items() if renewed.setdefault(name, at) != at}
                expected -= self.stopping
        if missing or any(group["workers"] is None for group in self.groups):
            self.workers.ask_queues()
        for group in self.groups:
            names = group["workers"]
            if names is None:
                names = [name for name in self.workers.queues if re.fullmatch(rf"{group['name']}-\d+", name)]
            for name in names:
                self.places[name] = group["places"]
                self.plan_worker(name, group["queues"])

    def plan_worker(self, name, queues):
        trial = Trial("worker", name, [name], self.id)
        self.trials.append(trial)
        if name in self.stopping - self.workers.queues.keys():
            return trial.end("busy", why=STOPS)
        if name not in self.workers.queues:
            return trial.end("failed", step="broker", why=f"the worker does not answer over the broker within {ANSWER_SECONDS} s")
        unread = [queue for queue in queues if queue not in self.workers.queues[name]]
        if unread:
            trial.end("failed", step="queues", why=f"the worker does not read {', '.join(unread)}")

    def plan_queues(self):
        autoscaled = {queue for group in self.groups if group["workers"] is None for queue in group["queues"]}
        for queue in dict.fromkeys(queue for group in self.groups for queue in group["queues"]):
            readers = [name for name, queues in self.workers.queues.items() if queue in queues]
            if not readers and queue in autoscaled and not self.wakes:
                continue
            trial = Trial("queue", queue, readers, self.id)
            self.trials.append(trial)
            if readers or queue in autoscaled:
                continue
            if any(queue in group["queues"] and self.stopping & {*(group["workers"] or ())} for group in self.groups):
                trial.end("busy", why=STOPS)
            else:
                trial.end("failed", step="queue", why="no worker reads the queue")

    def open_trials(self):
        return [trial for trial in self.trials if trial.outcome is None]

    def add_consumers(self):
        """Makes each worker read its temporary queue."""
        for trial in self.open_trials():
            if trial.kind != "worker":
                continue
            node = [f"celery@{trial.name}"]
            if app.control.add_consumer(trial.queue, destination=node, reply=True, timeout=5, limit=1):
                self.consuming.append(trial)
            else:
                trial.end("failed", step="broker", why="the worker does not answer over the broker within 5 s")

    def wait_for_bundle(self):
        """Returns false, and fails all trials, if the database has no DAG bundle within `patience`."""
        while not rows.has_bundle():
            if self.age() > self.patience:
                for trial in self.open_trials():
                    trial.end("failed", step="dag-processor", why=f"the DAG processor has written no DAG bundle within {self.patience} s")
                return False
            time.sleep(1)
        return True

    def run(self):
        self.find_workers()
        self.plan_queues()
        self.add_consumers()
        if not self.open_trials() or not self.wait_for_bundle():
            return
        self.sent = rows.create({trial.run: trial.queue for trial in self.open_trials()})
        explained = time.monotonic()
        # Looks often at first: most trials end within a second.
        pause = 0.1
        while self.open_trials():
            time.sleep(pause)
            pause = min(1.2 * pause, 1)
            self.end_finished(rows.task_instances([trial.run for trial in self.open_trials()]))
            if time.monotonic() - explained > EXPLAIN_INTERVAL:
                self.explain(rows.task_instances([trial.run for trial in self.open_trials()]))
                explained = time.monotonic()

    def end_finished(self, tasks):
        for trial in self.open_trials():
            ti = tasks.get(trial.run)
            if ti is None:
                trial.end("failed", step="database", why="the canary's row in the database is gone")
            elif ti.state == "success":
                trial.end("success", seconds=round((ti.end_date - self.sent).total_seconds(), 1))
            elif ti.state not in ("scheduled", "queued", "running", "restarting"):
                trial.end("failed", step="task", why=f"the task ended as {ti.state}")

    def explain(self, tasks):
        self.workers.ask_running([name for trial in self.open_trials() for name in trial.readers] or list(self.places))
        obstacle = rows.scheduler_obstacle()
        for trial in self.open_trials():
            ti = tasks.get(trial.run)
            if ti is None:
                continue
            step, why, is_busy = self.diagnose(trial, ti, *obstacle)
            trial.wait(why)
            trial.busy_since = (trial.busy_since or time.monotonic()) if is_busy else None
            if trial.busy_since and time.monotonic() - trial.busy_since > BUSY_SECONDS:
                trial.end("busy", why=why)
            elif self.age() > self.patience:
                trial.end("failed", step=step, why=why)

    def diagnose(self, trial, ti, obstacle, schedulers_are_busy):
        """Returns the step at which the canary is, why it waits there, and whether it only waits for other tasks.

        :param obstacle: why schedulers may queue no task; empty if they may
        """
        if ti.state == "scheduled":
            return "scheduler", obstacle or "the scheduler has not queued the task", schedulers_are_busy
        if ti.state != "queued":
            return "task", f"the task is {ti.state} on {ti.hostname}, and has not ended", False
        if not trial.readers:
            return "queue", "no worker reads the queue yet: the autoscaler has to start a worker", False
        running = self.workers.running
        for name, taken in running.items():
            if ti.external_executor_id in taken:
                return "start", f"{name} has taken the task, which has not reported its start", False
        silent = [name for name in trial.readers if name not in running]
        if silent:
            return "broker", f"{', '.join(silent)} does not answer over the broker", False
        places = [f"{name} runs {len(running[name])} of {self.places.get(name, 0)} tasks" for name in trial.readers]
        if all(len(running[name]) >= self.places.get(name, 1) for name in trial.readers):
            return "worker", f"all places are taken: {', '.join(places)}", True
        return "queue", f"no worker has taken the task: {', '.join(places)}", False

    def clean(self, faults):
        """Revokes unfinished canaries, deletes temporary queues and all rows, and stores the result."""
        unfinished = [trial.run for trial in self.trials if trial.outcome != "success"]
        sent = [ti.external_executor_id for ti in rows.task_instances(unfinished).values() if ti.external_executor_id]
        # Makes workers drop messages that they take later.
        for task in sent:
            app.control.revoke(task)
        with app.connection_for_write() as connection:
            for trial in self.consuming:
                node = [f"celery@{trial.name}"]
                app.control.cancel_consumer(trial.queue, destination=node, reply=True, timeout=5, limit=1)
                connection.default_channel.queue_delete(trial.queue)
            remove_queues(connection.default_channel.client, self.id, time.time())
        outcomes = collections.Counter(trial.outcome for trial in self.trials)
        rows.delete_all([trial.run for trial in self.trials], {**outcomes, "seconds": round(self.age()), "faults": faults})
        # Ends the canaries in the scheduler's executor, which has no row to mark as failed.
        for task in sent:
            app.backend.mark_as_revoked(task, "the proof is over", store_result=True)


def remove_queues(client, proof, now):
    """Removes temporary queues from Redis: those of this proof, and of others that began `rows.ABANDONED` s ago or earlier.

    Kombu keeps the binding of each queue. A worker that was busy all the time puts its message back after the end of the proof.
    """
    for key in client.scan_iter(match=f"*{rows.ID}.*", count=1000):
        *_, (owner, began) = re.findall(rb"\.((\d+)-\d+)", key) or [(b"", b"0")]
        if owner.decode() == proof or now - int(began) > rows.ABANDONED:
            client.delete(key)


def main():
    request = json.loads(sys.stdin.readline())
    proof = Proof(**request)
    faults = ["the proof was interrupted"]
    try:
        proof.run()
        emit(event="ended")
        if answer := sys.stdin.readline():
            faults = json.loads(answer)["faults"]
    finally:
        proof.clean(faults)


if __name__ == "__main__":
    main()
