"""usage: restore.py [receive]

Replaces the contents of the stack's databases by a backup, before any role uses the databases. Waits until a second call, `receive`,
has read the contents of the archive from standard input, as a tar file.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import time

from archive import read_manifest
from databases import BackupError, register_own
from progress import reported
from replacing import check_dependents, restore

RECEIVED = pathlib.Path("/tmp/received")
READY = pathlib.Path("/tmp/ready")
# Seconds to wait for the archive, or for more of it.
TIMEOUT = 1800


def receive():
    RECEIVED.mkdir(exist_ok=True)
    done = subprocess.run(["tar", "--extract", "--file=-", f"--directory={RECEIVED}"], check=False)
    if done.returncode != 0:
        raise BackupError(f"tar failed with exit code {done.returncode}; expected a complete archive: run npm run restore again")
    read_manifest(RECEIVED)
    READY.touch()


def received():
    """Returns the bytes that have been received; None before the first file."""
    return sum(path.stat().st_size for path in RECEIVED.iterdir()) if RECEIVED.exists() else None


def wait():
    print("restore: waiting for the archive", flush=True)
    known, since = None, time.monotonic()
    while not READY.exists():
        if (size := received()) != known:
            known, since = size, time.monotonic()
        if time.monotonic() > since + TIMEOUT:
            raise BackupError(f"received nothing for {TIMEOUT} s; npm run restore sends the archive")
        time.sleep(0.5)


def main():
    logins = register_own()
    check_dependents(logins)
    wait()
    manifest = json.loads((RECEIVED / "manifest.json").read_text())
    for name, contents in manifest["databases"].items():
        if name not in logins:
            print(f"restore: skipping the {name} database: this stack keeps results in the metadata database", flush=True)
            continue
        with reported(f"restore: restoring {sum(contents['rows'].values())} rows of the {name} database"):
            restore(name, RECEIVED / f"{name}.dump")
    # Frees the disk space: the container of a job is kept after the job's end.
    shutil.rmtree(RECEIVED)
    print(f"restore: restored backup {manifest['id']}", flush=True)


if __name__ == "__main__":
    try:
        receive() if sys.argv[1:] == ["receive"] else main()
    except BackupError as error:
        sys.exit(f"restore: {error}")
