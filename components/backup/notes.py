"""Archives with a note beside each, which is complete or absent after a crash or a power cut."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

# Time by which the clocks of two machines may differ.
SKEW = timedelta(minutes=5)
# Time in which a backup as of a moment is fetched.
FETCH_TIME = timedelta(hours=1)


def now():
    return datetime.now(timezone.utc)


def id_of(moment):
    return moment.strftime("%Y%m%dT%H%M%SZ")


def age(note):
    """Returns the age of what a note describes, in seconds."""
    return (now() - datetime.fromisoformat(note["at"])).total_seconds()


def is_due(note, every):
    """True if what a note describes is older than `every` seconds, or was made while the clock was ahead."""
    return not -SKEW.total_seconds() <= age(note) <= every


def latest_first(notes):
    """Sorts notes by their ids, the latest first; those from the future come last, since a clock was ahead."""
    limit = id_of(now() + SKEW)
    return sorted(notes, key=lambda note: (note["id"] <= limit, note["id"]), reverse=True)


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle(new, target):
    """Moves a written file to its place, once the file is on the disk."""
    sync(new)
    new.rename(target)
    sync(target.parent)


def write_note(path, value):
    """Writes a note as JSON, in place of an earlier one."""
    new = path.with_name(f"{path.stem}-new")
    new.write_text(json.dumps(value))
    settle(new, path)


def notes_in(folder, suffix):
    """Returns the notes of a folder that have their archive, the latest first.

    :param suffix: suffix of the archives
    """
    paths = [path for path in folder.glob("*.json") if (folder / f"{path.stem}{suffix}").exists()]
    return latest_first(note for path in paths if (note := read_note(path)))


def read_note(path):
    """Reads a note; None if it was removed meanwhile, or a faulty disk has damaged it, which must not hide the others."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        print(f"{path} cannot be read: {error}; it does not count", file=sys.stderr, flush=True)
        return None


def await_fetch(path, note):
    """Keeps what a note describes for a while, since somebody is about to fetch it; it may be older than all that is kept."""
    write_note(path, note | {"awaited": (now() + FETCH_TIME).isoformat()})


def is_awaited(note):
    """True if somebody is about to fetch what a note describes."""
    return "awaited" in note and now() < datetime.fromisoformat(note["awaited"])


def keep_latest(folder, suffix, count):
    """Removes all archives of a folder but the latest ones, with their notes; leaves those that somebody is about to fetch."""
    for note in notes_in(folder, suffix)[count:]:
        if is_awaited(note):
            continue
        for end in (suffix, ".json"):
            (folder / f"{note['id']}{end}").unlink()
