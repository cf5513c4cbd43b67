"""Reads unchanged DAG files more rarely if they are many, so that reading takes about a quarter of a core at most.

Airflow reads each file every 30 s, changed or not: 500 files of two tasks take 1.5 cores, all the time. A changed file is read at once,
as ever. If another file in the folder of the DAGs changes, which DAG files may import or read, all are read within 30 s. An interval of
the user's own, `[dag_processor] min_file_process_interval`, stays as it is.
"""

import functools
import os
import sys
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

# Part of a core that reading takes.
SHARE = 0.25
# Longest interval in seconds, for DAG files that depend on what no file tells, such as variables.
LONGEST = 600
LONG_AGO = datetime.fromtimestamp(0, timezone.utc)


def signed(path):
    """Returns what changes with a file's contents, beside the time, which a copy may keep; None for a file that is gone."""
    with suppress(OSError):
        status = os.stat(path)
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def files_below(folder):
    """Yields the paths of files that DAG files may depend on."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        for name in names:
            yield os.path.join(place, name)


class Bundle:
    """Files of a bundle at the last look."""

    def __init__(self, files):
        self.dags = {str(file.absolute_path) for file in files}
        folders = {file.bundle_path for file in files} - {None}
        paths = self.dags.union(*map(files_below, folders))
        self.signatures = {path: signed(path) for path in paths}

    def changed_since(self, earlier):
        """Returns the paths of DAG files that must be read again."""
        changed = {path for path, _ in self.signatures.items() ^ earlier.signatures.items()}
        return self.dags if changed - self.dags - earlier.dags else changed & self.dags


class Rereading:
    def __init__(self):
        # Airflow's interval in seconds.
        self.interval = None
        self.bundles = {}
        self.next_look = 0

    def prepare(self, manager, known_files):
        """Sets the interval, and lets files whose contents may have changed look as if they were read long ago."""
        if self.interval is None:
            self.interval = manager._file_process_interval
        seconds = sum(stat.last_duration or 0 for stat in manager._file_stats.values())
        manager._file_process_interval = max(self.interval, min(seconds / SHARE, LONGEST))
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + self.interval
        earlier, self.bundles = self.bundles, {name: Bundle(files) for name, files in known_files.items()}
        again = set()
        for name in self.bundles.keys() & earlier.keys():
            again |= self.bundles[name].changed_since(earlier[name])
        for file, stat in manager._file_stats.items():
            if stat.last_finish_time and str(file.absolute_path) in again:
                stat.last_finish_time = LONG_AGO


def rarely(prepare_file_queue):
    rereading = Rereading()

    @functools.wraps(prepare_file_queue)
    def preparing(manager, known_files):
        rereading.prepare(manager, known_files)
        return prepare_file_queue(manager, known_files=known_files)

    return preparing


@contextmanager
def installed(manager):
    yield
    manager.DagFileProcessorManager.prepare_file_queue = rarely(manager.DagFileProcessorManager.prepare_file_queue)


if "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL" not in os.environ:
    # Contexts of start.py; Airflow's manager cannot be imported yet. Other commands read no DAG files again.
    getattr(sys.modules["__main__"], "contexts", {})["airflow.dag_processing.manager"] = installed
