"""Removes what is older than the stack keeps it, every hour, beside a role of Airflow.

It removes log files itself; records.py, which only a scheduler has, removes rows and messages. Imports nothing of Airflow's: it
waits nearly always, and 20 workers would each hold 100 MiB for it.
"""

import contextlib
import json
import os
import pathlib
import random
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
LOGS = pathlib.Path("/opt/airflow/logs")
RECORDS = HERE / "records.py"
EVERY = 3600
# Seconds after a start until records are removed: their program takes as much CPU time as the start itself.
SETTLED = 600
DAY = 86_400
# Logs of processes that read DAG files grow by 207 bytes for each file every 30 s, and nobody reads old ones.
OWN = ("dag_processor", "scheduler")
OWN_DAYS = 2
# Shares of a full volume: above the first the oldest logs go, until the second is reached.
FULL, ENOUGH = 0.9, 0.8


def is_due(logs, now):
    """True for one of the roles that share a volume, once an hour."""
    mark = logs / ".retention"
    with contextlib.suppress(FileNotFoundError):
        if now - mark.stat().st_mtime < EVERY - 60:
            return False
    mark.touch()
    return True


def files_below(logs):
    """Files as (time of the last change, size, path)."""
    for folder, _, names in os.walk(logs):
        for name in names:
            path = pathlib.Path(folder, name)
            # Another program may remove the same file.
            with contextlib.suppress(OSError):
                stat = path.lstat()
                yield stat.st_mtime, stat.st_size, path


def is_old(changed, path, logs, days, now):
    own = path.relative_to(logs).parts[0].startswith(OWN)
    return now - changed > min(days, OWN_DAYS if own else days) * DAY


def bytes_over(logs):
    """Bytes to remove from a volume that is nearly full."""
    space = os.statvfs(logs)
    whole = space.f_blocks * space.f_frsize
    used = whole - space.f_bavail * space.f_frsize
    return used - ENOUGH * whole if used > FULL * whole else 0


def remove_logs(logs, days, now, over=bytes_over):
    """Removes old logs, and then from a nearly full volume the oldest ones of all that are older than a day."""
    removed = freed = 0

    def remove(size, path):
        nonlocal removed, freed
        with contextlib.suppress(OSError):
            path.unlink()
            removed, freed = removed + 1, freed + size

    young = []
    for changed, size, path in files_below(logs):
        if path.parent == logs and path.name == ".retention":
            continue
        if is_old(changed, path, logs, days, now):
            remove(size, path)
        else:
            young.append((changed, size, path))
    more = over(logs)
    before = freed
    for changed, size, path in sorted(young):
        if freed - before >= more or now - changed < DAY:
            break
        remove(size, path)
    remove_empty_folders(logs, now)
    return removed, freed


def remove_empty_folders(logs, now):
    """Removes folders in which nothing has changed for a day: a younger one may be about to get a file."""
    for folder, _, _ in os.walk(logs, topdown=False):
        with contextlib.suppress(OSError):
            if folder != str(logs) and now - os.stat(folder).st_mtime > DAY:
                os.rmdir(folder)


def attempt(clean, *args):
    """Prints an error instead of raising it: the next hour brings another attempt."""
    try:
        clean(*args)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"retention: {error}", flush=True)


def clean_logs(days):
    if days is None or not is_due(LOGS, time.time()):
        return
    removed, freed = remove_logs(LOGS, days, time.time())
    if removed:
        print(f"retention: {removed} log files removed, {freed >> 20} MiB", flush=True)


def clean_records():
    if RECORDS.exists():
        subprocess.run([sys.executable, RECORDS], timeout=EVERY, check=False)


def main():
    keep = json.loads((HERE / "retention.json").read_text())
    # Makes the kernel end this program before the role when memory runs out.
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")
    os.nice(10)
    # Roles that start together do not begin together.
    time.sleep(random.uniform(0, 60))
    while True:
        attempt(clean_logs, keep["logs"])
        time.sleep(SETTLED)
        attempt(clean_records)
        time.sleep(EVERY - SETTLED)


if __name__ == "__main__":
    main()
