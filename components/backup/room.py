"""Refuses throwaway copies of databases that would fill the disk, which the stack's Postgres may share."""

import contextlib
import json
import pathlib
import shutil
import tempfile

from databases import BackupError, connected, size_of

settings = json.loads((pathlib.Path(__file__).parent / "settings.json").read_text())

# Bytes of log that a throwaway server keeps at most: `max_wal_size`, and what is written during a checkpoint.
THROWAWAY_LOG = 512 * 1024**2


def used(folder):
    """Returns the bytes that the files of a folder take on the disk."""
    size = 0
    for path in pathlib.Path(folder).rglob("*"):
        # Other threads remove files of theirs meanwhile.
        with contextlib.suppress(OSError):
            size += path.lstat().st_blocks * 512
    return size


def check_free(needed):
    """Refuses to write more bytes than the disk has, since the stack's Postgres may share the disk, or than a pod may write, for which the
    cluster would end the pod.

    :raises BackupError: with the bytes that are free, and that are needed
    """
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    remedy = "free some disk of the machine or node that runs the backups"
    limit = settings.get("scratchLimit")
    if limit is not None and (left := limit - used(folder)) < free:
        free = left
        remedy = f"a pod may write {limit // 10**6} MB outside its volumes: remove old records (airflow:retention)"
    if free < needed:
        raise BackupError(
            f"{folder} has {max(free, 0) // 10**6} MB free, and a throwaway copy of the databases takes {needed // 10**6} MB;"
            f" expected that much: {remedy}"
        )


def check_room(names, times):
    """Refuses a throwaway copy of databases for which the disk has no room, as `check_free` does.

    :param times: bytes that the copy takes, by byte of the databases
    """
    size = 0
    for name in names:
        with connected(name) as cursor:
            size += size_of(cursor)
    check_free(int(size * times) + THROWAWAY_LOG)
