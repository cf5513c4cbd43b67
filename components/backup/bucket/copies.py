"""Keeps a copy of each backup, archive and note, in the bucket of the stack file; a stack without a bucket has no copies."""

import contextlib
import json
import pathlib
import subprocess
import tempfile

import psycopg2
from archive import KEYS
from databases import BackupError, record_latest
from notes import latest_first, settle

settings = json.loads((pathlib.Path(__file__).parent / "settings.json").read_text())
# Place of the copies, for people and in notes; None without a bucket.
PLACE = settings["bucket"]["place"] if "bucket" in settings else None
FOLDER = "backups/"


def archive_name(backup_id):
    return f"{FOLDER}{backup_id}.tar.age"


def note_name(backup_id):
    return f"{FOLDER}{backup_id}.json"


def recipients():
    """Returns the public keys of the stack, the current one first. A copy with another key is another stack's."""
    return subprocess.check_output(["age-keygen", "-y", KEYS], text=True).split()


def pending(notes):
    """Returns the notes of the backups that have yet to be copied to the present bucket."""
    return [note for note in notes if PLACE and note.get("copied") != PLACE]


def found(notes):
    """Reads the notes of all copies in the bucket.

    :param notes: notes in the volume, which are not read again
    :returns: notes of the stack's own copies and of all others, the latest first
    """
    import bucket

    names = set(bucket.names(FOLDER))
    ids = {name[len(FOLDER) : -len(".json")] for name in names if name.endswith(".json")}
    here = {note["id"]: note for note in notes}
    # An archive is copied before its note and removed before it, so that a note alone is no backup.
    complete = [one for one in ids if archive_name(one) in names]
    copies = latest_first(here.get(one) or json.loads(bucket.read(note_name(one))) for one in complete)
    known = set(recipients())
    own = {note["id"] for note in copies if note["id"] in here or note["recipient"] in known}
    return [note for note in copies if note["id"] in own], [note for note in copies if note["id"] not in own]


def copy(store, note):
    """Copies a backup, and notes that."""
    import bucket

    backup_id = note["id"]
    print(f"  copying {backup_id} to {PLACE}", flush=True)
    copied = store / "copied"
    copied.write_text(json.dumps(note | {"copied": PLACE, "recipient": recipients()[0]}))
    bucket.put(store / f"{backup_id}.tar.age", archive_name(backup_id))
    bucket.put(copied, note_name(backup_id))
    settle(copied, store / f"{backup_id}.json")


def complete(store, notes):
    """Copies the backups that have yet to be copied, the latest first, and removes the stack's old copies.

    :param store: directory of the archives and their notes
    :raises BackupError: if the bucket does not answer, or refuses
    """
    if not PLACE:
        return
    import bucket
    import owners

    waiting = pending(notes)
    try:
        owners.check(store)
        while waiting:
            copy(store, waiting[0])
            waiting = waiting[1:]
    except BackupError as error:
        without = f"backup {waiting[0]['id']} is proven and in the volume, but has no copy: " if waiting else ""
        raise BackupError(f"{without}{error}") from None
    own, _ = found(notes)
    for note in own[settings["keep"] :]:
        bucket.delete(archive_name(note["id"]))
        bucket.delete(note_name(note["id"]))


def report(notes):
    """Records the latest backup, once it has its copy, for the monitoring: a restored database knows only of backups before its own."""
    waiting = pending(notes)
    latest = next((note for note in notes if note not in waiting), None)
    # The alert that reads the entry fires without it.
    with contextlib.suppress(psycopg2.Error):
        if latest:
            record_latest("airflow_on_celery.backup", json.dumps({"id": latest["id"]}), latest["at"])


def listed(notes):
    """Adds the backups of the bucket to those of the volume, for people: where each is, and those of other stacks.

    :param notes: notes in the volume, the latest first
    """
    if not PLACE:
        return {"backups": notes}
    try:
        own, others = found(notes)
    except BackupError as error:
        return {"backups": [note | {"places": ["volume"]} for note in notes], "unlisted": str(error)}
    in_volume, in_bucket = ({note["id"] for note in all} for all in (notes, own))
    backups = {note["id"]: note for note in [*own, *notes]}

    def places(backup_id):
        return [place for place, ids in (("volume", in_volume), ("bucket", in_bucket)) if backup_id in ids]

    every = [note | {"places": places(note["id"])} for note in latest_first(backups.values())]
    return {"backups": every, "others": others}


@contextlib.contextmanager
def readable(path, backup_id):
    """Yields the path of an archive: the one in the volume, or else a copy that is fetched from the bucket.

    :raises BackupError: if the bucket does not have it, either, or does not answer
    """
    if path.exists() or not PLACE:
        yield path
        return
    import bucket

    if archive_name(backup_id) not in bucket.names(archive_name(backup_id)):
        raise BackupError(f"there is no backup {backup_id} in the volume or {PLACE}; expected one of npm run backup -- --list")
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / path.name
        bucket.get(archive_name(backup_id), copy)
        yield copy
