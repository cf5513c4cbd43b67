"""Tells whose backups a directory has: two stacks in one directory would remove each other's, and take them for their own."""

import subprocess

from archive import KEYS
from copies import recipients
from databases import BackupError
from notes import read_note, write_note

OWNER = "owner.json"


def opens(path):
    """True if a key of the stack opens an archive; reads no more than its begin."""
    command = ["age", "--decrypt", "--identity", KEYS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
        begin = reader.stdout.read(1)
        reader.kill()
    return begin != b""


def mark(path, own):
    """Writes the note of the owner. A full disk must not end the program, which makes room next; the next start tries again."""
    try:
        write_note(path, own)
    except OSError as error:
        print(f"{path} was not written: {error}; expected free disk for backups", flush=True)


def claim(store, settings, archive):
    """Makes a directory of backups the stack's own.

    :param settings: name of the stack, and place of the directory for people
    :param archive: path of a backup in the directory; None without one
    :raises BackupError: if the backups are another stack's
    """
    path = store / OWNER
    stack, keys = settings["stack"], recipients()
    owner = read_note(path) if path.exists() else None
    if owner:
        is_other = owner["stack"] != stack or owner["recipient"] not in keys
    else:
        is_other = archive is not None and not opens(archive)
    if is_other:
        raise BackupError(
            f"{settings['to']} has backups of {'stack ' + owner['stack'] if owner else 'another stack'}, with keys of its own; expected "
            f"a directory for stack {stack} alone: set backup.to to another one, or restore one of these backups. If nobody needs them, "
            "empty the directory."
        )
    own = {"stack": stack, "recipient": keys[0]}
    if owner != own:
        mark(path, own)
