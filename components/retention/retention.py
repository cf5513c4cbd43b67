"""usage: retention.py [logs | records]

Removes old log files every hour, as a process beside a role of Airflow, and runs records.py where there is one.

records.py, which only a scheduler has, removes old rows and messages. This program does not import Airflow, which would take 100 MiB
of memory in each role for a process that mostly sleeps. A shell, which takes 0.3 MiB, sleeps and runs this program as its child.
"""

import contextlib
import os
import pathlib
import random
import shlex
import subprocess
import sys
import time
from collections import Counter

LOGS = pathlib.Path("/opt/airflow/logs")
RECORDS = pathlib.Path(__file__).with_name("records.py")
# Days that logs, metadata and results are kept, from the settings; data without an age is kept forever.
AGES = {}
FOREVER = float("inf")
# Seconds between two runs.
INTERVAL = 3600
# Seconds after the start until the first run of records.py, which takes as much CPU time as the start of the role.
RECORDS_DELAY = 600
HOUR, DAY = 3600, 86_400
# File that says when logs were last removed from a volume.
MARK = ".retention"
OOM_SCORE = pathlib.Path("/proc/self/oom_score_adj")
# Folders of the logs of DAG processing, which grow by 207 bytes at each reading of a DAG file, and the days that they are kept.
PROCESSING = ("dag_processor", "scheduler")
PROCESSING_DAYS = 2
# Used part of the volume above which the oldest logs are removed, and the part to reach by that.
FULL, TARGET = 0.9, 0.8


def is_due(logs, now):
    """Returns true once an hour, for one of the roles that share a volume."""
    mark = logs / MARK
    with contextlib.suppress(FileNotFoundError):
        # A mark of the future is that of a clock that was ahead.
        if 0 <= now - mark.stat().st_mtime < INTERVAL - 60:
            return False
    # A full disk may refuse the mark, and is cleaned all the same.
    with contextlib.suppress(OSError):
        mark.touch()
    return True


def files_below(logs):
    """Yields logs as (time of the last change in seconds, size in bytes, path)."""
    for folder, _, names in os.walk(logs):
        for name in names:
            path = pathlib.Path(folder, name)
            if path == logs / MARK:
                continue
            # Ignores files that another program has just removed.
            with contextlib.suppress(OSError):
                stat = path.lstat()
                yield stat.st_mtime, stat.st_size, path


def is_old(changed, path, logs, days, now):
    if path.relative_to(logs).parts[0].startswith(PROCESSING):
        days = min(days, PROCESSING_DAYS)
    return now - changed > days * DAY


def excess_bytes(logs):
    """Returns the bytes to remove from a volume that is fuller than `FULL`, otherwise 0."""
    stat = os.statvfs(logs)
    size = stat.f_blocks * stat.f_frsize
    used = size - stat.f_bavail * stat.f_frsize
    return used - TARGET * size if used > FULL * size else 0


def remove_logs(logs, days, now, excess=excess_bytes):
    """Removes logs older than `days`; from a nearly full volume also the oldest logs that are older than a day, unless kept forever.

    :param excess: returns the bytes to remove from the volume
    :return: number of removed files, and their bytes
    """
    removed = freed = 0

    def remove(size, path):
        nonlocal removed, freed
        with contextlib.suppress(OSError):
            path.unlink()
            removed, freed = removed + 1, freed + size

    def hours(changed):
        return int((now - changed) // HOUR)

    # Bytes of the files that stay, by their age in hours: a list of all files would take 0.5 GiB for each million.
    kept = Counter()
    for changed, size, path in files_below(logs):
        if is_old(changed, path, logs, days, now):
            remove(size, path)
        elif now - changed >= DAY:
            kept[hours(changed)] += size
    left = min(excess(logs) if days < FOREVER else 0, sum(kept.values()))
    if left > 0:
        for last in sorted(kept, reverse=True):
            if left <= kept[last]:
                break
            left -= kept[last]
        for changed, size, path in files_below(logs):
            if hours(changed) > last:
                remove(size, path)
            elif hours(changed) == last and left > 0:
                remove(size, path)
                left -= size
    remove_empty_folders(logs, now)
    return removed, freed


def remove_empty_folders(logs, now):
    """Removes empty folders that have not changed for a day: a newer folder may be about to get a file."""
    for folder, _, _ in os.walk(logs, topdown=False):
        with contextlib.suppress(OSError):
            if folder != str(logs) and now - os.stat(folder).st_mtime > DAY:
                os.rmdir(folder)


def attempt(clean, *args):
    """Calls a function, and logs an error, since the next run is another attempt."""
    try:
        clean(*args)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"retention: {clean.__name__} failed, next attempt in {INTERVAL} s: {error}", flush=True)


def clean_logs(days):
    if not is_due(LOGS, time.time()):
        return
    removed, freed = remove_logs(LOGS, days, time.time())
    if removed:
        print(f"retention: removed {removed} log files, {freed >> 20} MiB", flush=True)


def clean_records():
    if RECORDS.exists():
        subprocess.run([sys.executable, RECORDS], timeout=INTERVAL, check=True)


def loop():
    """Returns the text of a shell that runs the steps for as long as the role runs, also if one of them is killed."""

    def run(step):
        failed = f"retention: the removal of {step} was ended, next attempt in {INTERVAL} s"
        return f"{shlex.join([sys.executable, '-I', '-S', __file__, step])} || echo {shlex.quote(failed)}"

    # Spreads the work of roles that start together.
    begin = f"sleep {random.randint(0, 60)}"
    return f"{begin}; while :; do {run('logs')}; sleep {RECORDS_DELAY}; {run('records')}; sleep {INTERVAL - RECORDS_DELAY}; done"


def main(step=None):
    if step is None:
        os.nice(10)
        os.execlp("sh", "sh", "-c", loop())
    # Makes the kernel kill this work before the role when memory runs out.
    OOM_SCORE.write_text("1000")
    if step == "logs":
        attempt(clean_logs, AGES.get("logs", FOREVER))
    else:
        attempt(clean_records)


if __name__ == "__main__":
    main(*sys.argv[1:])
