"""An archive: a tar file with a manifest, encrypted with age."""

import hashlib
import json
import pathlib
import subprocess

from databases import Failed

# The key that encrypts.
KEY = "/run/secrets/backup_key"
# Keys that archives may have been encrypted with, one a line.
KEYS = "/run/secrets/backup_keys"
MANIFEST = "manifest.json"


def digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder, about):
    """Writes the manifest of a folder, with a checksum of every other file."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": digest(path)} for path in sorted(folder.iterdir())
    }
    (folder / MANIFEST).write_text(json.dumps(about | {"files": files}, indent=1))


def read_manifest(folder):
    """Reads the manifest of a folder, and checks every file by it."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, known in manifest["files"].items():
        path = folder / name
        if not path.is_file() or digest(path) != known["sha256"]:
            raise Failed(f"{name} is not what the manifest says")
    return manifest


def piped(first, second):
    """Runs `first | second`."""
    with subprocess.Popen(first, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
        sink = subprocess.run(second, stdin=source.stdout, stderr=subprocess.PIPE, check=False)
        source.stdout.close()
        said = source.stderr.read() + sink.stderr
    if source.returncode != 0 or sink.returncode != 0:
        raise Failed(f"{first[0]} | {second[0]}: {said.decode(errors='replace').strip()[-1000:]}")


def pack(folder, target):
    # The manifest comes first, so that a reader of the stream knows the checksums.
    names = [MANIFEST, *sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)]
    piped(
        ["tar", "--create", "--file=-", f"--directory={folder}", *names],
        ["age", "--encrypt", "--identity", KEY, "--output", str(target)],
    )


def unpack(archive, folder):
    """Decrypts an archive into a folder; returns its manifest, by which all files were checked."""
    piped(
        ["age", "--decrypt", "--identity", KEYS, str(archive)],
        ["tar", "--extract", "--file=-", f"--directory={folder}"],
    )
    return read_manifest(pathlib.Path(folder))
