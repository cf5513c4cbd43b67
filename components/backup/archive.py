"""Packs and unpacks archives: tar files with a manifest, encrypted with age."""

import hashlib
import json
import pathlib
import subprocess

from databases import BackupError

# File with the identity of age that encrypts.
KEY = "/run/secrets/backup_key"
# File with all identities that may decrypt, one per line.
KEYS = "/run/secrets/backup_keys"
MANIFEST = "manifest.json"


def digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder, facts):
    """Writes the manifest of a folder: facts of the backup, and the size and checksum of every other file."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": digest(path)} for path in sorted(folder.iterdir())
    }
    (folder / MANIFEST).write_text(json.dumps(facts | {"files": files}, indent=1))


def read_manifest(folder):
    """Reads the manifest of a folder, and compares the checksum of every file.

    :raises BackupError: if a file is missing or differs
    """
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file() or digest(path) != expected["sha256"]:
            raise BackupError(f"{name} is missing, or its checksum differs from the manifest's; expected an intact archive")
    return manifest


def pipe(first, second):
    """Runs `first | second`.

    :raises BackupError: with the end of their errors, if an exit code is not 0
    """
    with subprocess.Popen(first, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
        sink = subprocess.run(second, stdin=source.stdout, stderr=subprocess.PIPE, check=False)
        source.stdout.close()
        errors = source.stderr.read() + sink.stderr
    if source.returncode != 0 or sink.returncode != 0:
        raise BackupError(f"{first[0]} | {second[0]} failed: {errors.decode(errors='replace').strip()[-1000:]}")


def pack(folder, target):
    # Puts the manifest first, so that a reader of the stream has the checksums before the files.
    names = [MANIFEST, *sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)]
    pipe(
        ["tar", "--create", "--file=-", f"--directory={folder}", *names],
        ["age", "--encrypt", "--identity", KEY, "--output", str(target)],
    )


def unpack(archive, folder):
    """Decrypts an archive into a folder and checks its files; returns the manifest."""
    pipe(
        ["age", "--decrypt", "--identity", KEYS, str(archive)],
        ["tar", "--extract", "--file=-", f"--directory={folder}"],
    )
    return read_manifest(pathlib.Path(folder))
