"""usage: backup.py serve | now | list | all | send ID | take-over

`serve` takes a backup at each interval, `now` takes a backup, `list` prints the backups of the volume as JSON, `all` those of the bucket,
too, `send` writes the archive of a backup to standard output, and `take-over` goes on with the copies of a lost installation. Keeps only
proven backups, and of these the latest ones, up to the number of the stack file.
"""

import contextlib
import fcntl
import json
import pathlib
import shutil
import sys
import tempfile
import threading
import time

import archive
import base
import copies
import mirror
import owners
import wal
from databases import BackupError, dags_revision, dump, register_own, told
from notes import id_of, is_due, keep_latest, notes_in, now, settle, write_note
from owner import claim
from progress import reported
from proof import prove
from room import check_room

STORE = pathlib.Path("/backups")
SUFFIX = ".tar.age"
HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")
# Files that the archive contains besides the databases.
SECRETS = pathlib.Path("/run/secrets/secrets.json")
STACK = pathlib.Path("/run/secrets/stack.json")
# Seconds after which a failed backup is tried again, unless the interval is shorter.
RETRY_INTERVAL = 600
# Bytes that a proof takes, by byte of the databases: at most 1 for the restored rows, and 0.085 for the dumps of a million task instances.
PROOF_ROOM = 1.1
# Seconds between two looks for what is due.
LOOK_INTERVAL = 10
# Seconds between two entries for the monitoring.
REPORT_INTERVAL = 60

settings = json.loads((pathlib.Path(__file__).parent / "settings.json").read_text())


def log(text):
    print(text, flush=True)


def archive_of(backup_id):
    return STORE / f"{backup_id}{SUFFIX}"


def backups():
    """Returns the notes of all backups, the latest first."""
    return notes_in(STORE, SUFFIX)


def collect(folder, backup_id, names, facts):
    """Writes the contents of an archive to a folder: dumps, secrets, stack file and manifest."""
    databases = {}
    for name in names:
        with reported(f"  dumping the {name} database"):
            databases[name] = dump(name, folder / f"{name}.dump")
    facts = {key: settings[key] for key in ("stack", "version", "images")} | facts
    facts |= {"id": backup_id, "dags": {"from": settings["dags"], "revision": dags_revision()}, "databases": databases}
    shutil.copyfile(SECRETS, folder / "secrets.json")
    shutil.copyfile(STACK, folder / "stack.json")
    archive.write_manifest(folder, facts)


def make(backup_id, names, facts):
    """Makes and proves a backup of registered databases; returns its note: size, checksum, and times in seconds.

    :param facts: facts of the manifest, in place of those of the present stack
    """
    started = time.monotonic()
    partial = STORE / "partial"
    check_room(names, PROOF_ROOM)
    try:
        with tempfile.TemporaryDirectory() as folder:
            collect(pathlib.Path(folder), backup_id, names, facts)
            with reported("  encrypting the archive"):
                archive.pack(pathlib.Path(folder), partial)
        dumped = time.monotonic()
        with reported("  restoring the archive into a throwaway server"):
            manifest, decrypted = prove(partial)
        note = {
            "id": backup_id,
            "at": manifest["at"],
            "bytes": partial.stat().st_size,
            "sha256": archive.digest(partial),
            "version": manifest["version"],
            "rows": sum(sum(contents["rows"].values()) for contents in manifest["databases"].values()),
            "opened": decrypted,
            "seconds": round(dumped - started, 1),
            "proof": round(time.monotonic() - dumped, 1),
        }
        write_note(STORE / f"{backup_id}.json", note)
        settle(partial, archive_of(backup_id))
        return note
    finally:
        partial.unlink(missing_ok=True)


def remove_old():
    """Removes what is beyond the number to keep, also before a backup, which may need the room on a disk that is full."""
    keep_latest(STORE, SUFFIX, settings["keep"])
    if settings["continuous"]:
        base.remove_old(settings["keep"])


@contextlib.contextmanager
def exclusive():
    """Excludes other programs of this container that back up or restore.

    :raises BackupError: if the directory of the backups is not writable
    """
    try:
        lock = (STORE / "lock").open("w")
    except OSError as error:
        raise BackupError(f"the directory of backups is not writable: {error}; expected a directory that user 999 may write to") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def noted(kind):
    """Notes a failure for `list`, and raises it as a `BackupError`.

    :param kind: `backup` or `base`, of which each has its own failure
    """
    path = failure_of(kind)
    try:
        yield
    except Exception as error:
        fault = told(error)
        with contextlib.suppress(OSError):
            write_note(path, {"at": now().isoformat(), "fault": fault})
        raise BackupError(fault) from error
    path.unlink(missing_ok=True)


def failure_of(kind):
    return STORE / ("failure.json" if kind == "backup" else f"failure-{kind}.json")


def tell(note):
    log(
        f"Backup {note['id']}: {note['bytes']} bytes in {note['seconds']} s; proven in {note['proof']} s:"
        f" {note['rows']} rows are the same, {note['opened']} secret value(s) decrypted."
    )


def take():
    """Takes a backup, and copies those without a copy."""
    with exclusive(), noted("backup"):
        remove_old()
        started = now()
        note = make(id_of(started), register_own(), {"at": started.isoformat()})
        remove_old()
        copies.complete(STORE, backups())
        copies.report(backups())
    tell(note)


def copy():
    """Copies the backups without a copy. Removes none: a restoration may be about to fetch one."""
    with exclusive(), noted("backup"):
        copies.complete(STORE, backups())
        copies.report(backups())


def take_over():
    """Goes on with the copies in the bucket that an installation with the same keys has left."""
    if not copies.PLACE:
        raise BackupError("backup.to names no bucket, so there are no copies to take over; expected s3://BUCKET/PREFIX")
    with exclusive(), noted("backup"):
        owners.take_over(STORE)
        copies.complete(STORE, backups())
        copies.report(backups())


def take_base():
    """Takes a base, for restorations as of any moment."""
    with exclusive(), noted("base"):
        facts = {key: settings[key] for key in ("version", "images")} | {"recipient": copies.recipients()[0]}
        remove_old()
        note = base.take(facts)
        remove_old()
    log(f"Base {note['id']}: {note['bytes']} bytes; taken and recovered in {note['seconds']} s.")


def beat():
    while True:
        HEARTBEAT.touch()
        time.sleep(5)


def report_on():
    """Records for the monitoring what there is, since a restoration or a cleaning of the database removes the entries."""
    while True:
        time.sleep(REPORT_INTERVAL)
        # The alerts that read the entries fire without them. Any error, since nothing would be recorded for as long as the container runs.
        try:
            copies.report(backups())
            if settings["continuous"]:
                base.report_moments()
        except Exception as error:
            log(f"Backups and moments: not recorded, next attempt in {REPORT_INTERVAL} s: {told(error)}")


def due():
    """Returns what has to be done now: a backup or copies, and a base."""
    known = backups()
    tasks = []
    if not known or is_due(known[0], settings["every"]):
        tasks.append(take)
    elif copies.pending(known):
        tasks.append(copy)
    if settings["continuous"] and base.needs_base(settings["every"]):
        tasks.append(take_base)
    return tasks


def remove_scratch():
    """Removes what a killed process of this container has left: dumps in plain text, and throwaway databases."""
    for path in pathlib.Path(tempfile.gettempdir()).glob("tmp*"):
        shutil.rmtree(path)


def serve():
    with exclusive():
        claim(STORE, settings, next(STORE.glob(f"*{SUFFIX}"), None))
        try:
            remove_old()
            owners.installation(STORE)
        except OSError as error:
            log(f"Old backups were not removed: {error}")
    remove_scratch()
    for run in (beat, report_on):
        threading.Thread(target=run, daemon=True).start()
    if settings["continuous"]:
        wal.start()
        mirror.start()
    else:
        base.remove_all()
        # Nothing would take the base whose success removes its failure.
        failure_of("base").unlink(missing_ok=True)
        mirror.end()
    # Monotonic times before which a kind of task is not tried again.
    pauses = {}
    while True:
        for task in due():
            kind = "base" if task is take_base else "backup"
            if time.monotonic() < pauses.get(kind, 0):
                continue
            try:
                task()
            except BackupError as error:
                pause = min(RETRY_INTERVAL, settings["every"])
                pauses[kind] = time.monotonic() + pause
                log(f"{kind.capitalize()} failed, next attempt in {pause} s: {error}")
        # Looks again soon, since a backup on demand delays the next scheduled backup.
        time.sleep(LOOK_INTERVAL)


def show(listed):
    failures = [json.loads(path.read_text()) for path in map(failure_of, ("backup", "base")) if path.exists()]
    failure = failures[0] if failures else None
    moments = base.moments() if settings["continuous"] else {"moments": None}
    print(json.dumps(listed | {"failure": failure} | moments))


def send(backup_id):
    with copies.readable(archive_of(backup_id), backup_id) as path, path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    try:
        {
            "serve": serve,
            "now": take,
            "list": lambda: show({"backups": backups()}),
            "all": lambda: show(copies.listed(backups())),
            "send": send,
            "take-over": take_over,
        }[command](*rest)
    except BackupError as error:
        sys.exit(f"Backup failed: {error}")
