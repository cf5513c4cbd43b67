"""Tells which installation keeps copies in a bucket: two with the same keys, such as a stack and a trial of its restoration, would remove
each other's."""

import json
import secrets

import copies
from databases import BackupError
from notes import read_note, write_note

# Objects with the owner of all copies that a key opens.
FOLDER = "owners/"
# Note in the volume of the backups, with a name that no other volume has.
NOTE = "installation.json"


def installation(store):
    """Returns the note of this installation, which is made once."""
    path = store / NOTE
    own = read_note(path) if path.exists() else None
    if own is None:
        own = {"stack": copies.settings["stack"], "installation": secrets.token_hex(8)}
        write_note(path, own)
    return own


def names():
    return [f"{FOLDER}{recipient}.json" for recipient in copies.recipients()]


def check(store):
    """Makes the copies in the bucket that the stack's keys open this installation's own.

    :param store: directory of the archives and their notes
    :raises BackupError: if they are another installation's
    """
    import bucket

    own = installation(store)
    present = bucket.names(FOLDER)
    for name in names():
        owner = json.loads(bucket.read(name)) if name in present else own
        if owner["installation"] != own["installation"]:
            raise BackupError(
                f"{copies.PLACE} has the copies of stack {owner['stack']} in another installation, with the same keys; expected a place for this "
                "installation alone: set backup.to to another one. If the other installation is gone for good, go on with its copies: "
                f"npm run backup -- --take-over --stack {own['stack']}"
            )
    for name in names():
        if name not in present:
            bucket.put(store / NOTE, name)


def take_over(store):
    """Makes the copies in the bucket that the stack's keys open this installation's own, whoever had them."""
    import bucket

    installation(store)
    for name in names():
        bucket.put(store / NOTE, name)
