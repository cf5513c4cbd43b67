"""Keeps a copy of the bases and of the log in the bucket, beside the copies of the backups."""

import json
import pathlib
import threading
import time

import copies
from databases import BackupError, told
from notes import now, write_note

STORE = pathlib.Path("/backups")
FOLDERS = ("bases", "wal")
# Note of the present bucket, of the last time when it had everything, and of the files that it has, with the time of their last change.
MIRRORED = STORE / "mirrored.json"
# Seconds between two looks for changes.
INTERVAL = 20


def files():
    """Returns the times of the last change of all files that belong into the bucket, by name; incomplete ones have no suffix."""
    paths = [path for folder in FOLDERS for path in (STORE / folder).rglob("*.*")]
    return {path.relative_to(STORE).as_posix(): path.stat().st_mtime_ns for path in paths if path.is_file()}


def known():
    """Returns the note; None if this bucket was not read yet."""
    note = json.loads(MIRRORED.read_text()) if MIRRORED.exists() else {}
    return note if note.get("place") == copies.PLACE else None


def fill():
    """Fetches the stack's bases, and their log, that the volume lacks: those of a machine that was lost.

    :returns: times of the last change of the fetched files, by name
    """
    import bucket

    own = set(copies.recipients())
    notes = {name: json.loads(bucket.read(name)) for name in bucket.names("bases/") if name.endswith(".json")}
    notes = {name: note for name, note in notes.items() if note["recipient"] in own}
    archives = [name.removesuffix(".json") + ".base.tar.age" for name in notes]
    logs = [name for system in {note["system"] for note in notes.values()} for name in bucket.names(f"wal/{system}/")]
    # The notes come last, since a note makes a base.
    missing = [name for name in [*logs, *archives, *notes] if not (STORE / name).exists()]
    for name in missing:
        path = STORE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fetched = path.with_name("fetched")
        bucket.get(name, fetched)
        fetched.rename(path)
    if missing:
        print(f"Log of the database: fetched {len(missing)} files from {copies.PLACE}", flush=True)
    present = files()
    return {name: present[name] for name in missing if name in present}


def copy(copied):
    """Copies what changed, and deletes what was removed here.

    :param copied: times of the last change of the copied files, by name; updated
    :raises BackupError: if the bucket does not answer, or refuses
    """
    import bucket

    present = files()
    for name, changed in sorted(present.items()):
        if copied.get(name) == changed:
            continue
        try:
            bucket.put(STORE / name, name)
            copied[name] = changed
        except (BackupError, OSError):
            # The next look copies a file that changed or went meanwhile.
            if files().get(name) == changed:
                raise
    for name in sorted(copied.keys() - present.keys(), reverse=True):
        bucket.delete(name)
        del copied[name]


def mirror():
    """Brings the bucket up to date."""
    note = known() or {"place": copies.PLACE, "at": None, "files": fill()}
    began = now().isoformat()
    try:
        copy(note["files"])
        note["at"] = began
    finally:
        write_note(MIRRORED, note)


def is_filled():
    """True if the volume has all bases and log of the bucket; false while these may still be on their way."""
    return copies.PLACE is None or known() is not None


def last():
    """Returns when the bucket had everything, in ISO 8601; None if it never had, or there is none."""
    return (known() or {}).get("at") if copies.PLACE else None


def mirror_on():
    while True:
        try:
            mirror()
        # Any error, since nothing would be copied for as long as the container runs.
        except Exception as error:
            print(f"Log of the database: not copied, next attempt in {INTERVAL} s: {told(error)}", flush=True)
        time.sleep(INTERVAL)


def empty():
    """Removes the stack's bases and log from the bucket, however long the bucket does not answer, and then the note."""
    while True:
        try:
            mirror()
            MIRRORED.unlink()
            return
        except Exception as error:
            print(f"Log of the database: not removed from the bucket, next attempt in {INTERVAL} s: {told(error)}", flush=True)
        time.sleep(INTERVAL)


def end():
    """Empties, in a thread, the bucket of a stack that was continuous; the volume is empty already."""
    if copies.PLACE and known():
        threading.Thread(target=empty, daemon=True).start()


def start():
    if copies.PLACE:
        threading.Thread(target=mirror_on, daemon=True).start()
