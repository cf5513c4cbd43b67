"""Refuses throwaway copies of databases that would fill the disk, which the stack's Postgres may share."""

import shutil
import tempfile

from databases import BackupError, connected, size_of

# Bytes of log that a throwaway server keeps at most: `max_wal_size`, and what is written during a checkpoint.
THROWAWAY_LOG = 512 * 1024**2


def check_free(needed):
    """Refuses to write more bytes than the disk has, since the stack's Postgres may share the disk.

    :raises BackupError: with the bytes that are free, and that are needed
    """
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{folder} has {free // 10**6} MB free, and a throwaway copy of the databases takes {needed // 10**6} MB;"
            " expected that much: free some disk of the machine or node that runs the backups"
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
