"""Writes files that are either complete or absent after a crash or a power cut."""

import json
import os


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
