"""Keeps a copy of the bases and of the log in the bucket, beside the copies of the backups."""

import json
import pathlib
import threading
import time

import copies
from databases import BackupError, told
from notes import now, write_note

STORE = pathlib.Path("/backups")
# Folders that a thread each copies: the log is not to wait for a large base.
BASES, LOG = "bases", "wal"
# Note of the present bucket, of the last time when it had all of the log, of the folders that could not be copied last, and of the
# files that it has, with the time of their last change.
MIRRORED = STORE / "mirrored.json"
# Seconds between two looks for changes.
INTERVAL = 20

noting = threading.Lock()


def files(*folders):
    """Returns the times of the last change of all files that belong into the bucket, by name; incomplete ones have no suffix."""
    paths = [path for folder in folders or (BASES, LOG) for path in (STORE / folder).rglob("*.*")]
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
    import owners

    owners.check(STORE)
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


def copy(folder, copied, removes):
    """Copies what changed in a folder, and deletes what was removed there.

    :param copied: times of the last change of the copied files, by name; updated
    :param removes: false to delete nothing
    :raises BackupError: if the bucket does not answer, or refuses
    """
    import bucket
    import owners

    present = files(folder)
    changes = {name: changed for name, changed in sorted(present.items()) if copied.get(name) != changed}
    removed = sorted(copied.keys() - present.keys(), reverse=True) if removes else []
    if changes or removed:
        owners.check(STORE)
    for name, changed in changes.items():
        try:
            bucket.put(STORE / name, name)
            copied[name] = changed
        except (BackupError, OSError):
            # The next look copies a file that changed or went meanwhile.
            if files(folder).get(name) == changed:
                raise
    for name in removed:
        bucket.delete(name)
        del copied[name]


def begun():
    """Returns the note, with which the copying of a folder begins; fetches what another machine has left first."""
    with noting:
        note = known()
        if note is None:
            note = {"place": copies.PLACE, "at": None, "failed": [], "files": fill()}
            write_note(MIRRORED, note)
        return note


def mirror(folder):
    """Brings a folder of the bucket up to date."""
    note = begun()
    at = now().isoformat()
    copied = {name: changed for name, changed in note["files"].items() if name.startswith(f"{folder}/")}
    # The last base in the bucket needs its log until the next one is there, too.
    removes = folder == BASES or files(BASES).keys() <= note["files"].keys()
    is_copied = False
    try:
        copy(folder, copied, removes)
        is_copied = True
    finally:
        with noting:
            note = known()
            others = {name: changed for name, changed in note["files"].items() if not name.startswith(f"{folder}/")}
            failed = [one for one in note.get("failed", []) if one != folder] + ([] if is_copied else [folder])
            # Log without bases leads nowhere.
            note |= {"files": others | copied, "failed": failed} | ({"at": at} if folder == LOG and not failed else {})
            write_note(MIRRORED, note)


def is_filled():
    """True if the volume has all bases and log of the bucket; false while these may still be on their way."""
    return copies.PLACE is None or known() is not None


def last():
    """Returns when the bucket had all of the log, in ISO 8601; None if it never had, or there is none."""
    return (known() or {}).get("at") if copies.PLACE else None


def mirror_on(folder):
    while True:
        try:
            mirror(folder)
        # Any error, since nothing would be copied for as long as the container runs.
        except Exception as error:
            print(f"Log of the database: {folder} not copied, next attempt in {INTERVAL} s: {told(error)}", flush=True)
        time.sleep(INTERVAL)


def empty():
    """Removes the stack's bases and log from the bucket, however long the bucket does not answer, and then the note."""
    while True:
        try:
            mirror(BASES)
            mirror(LOG)
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
    for folder in (LOG, BASES) if copies.PLACE else ():
        threading.Thread(target=mirror_on, args=(folder,), daemon=True).start()
