"""usage: restore.py [receive]

Replaces the contents of the stack's databases by those of a backup, before anything uses them. The contents of the archive
come over `receive`, which reads a tar file from standard input while the other call waits for it.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import time

from archive import read_manifest
from databases import Failed, register_own, restore

RECEIVED = pathlib.Path("/tmp/received")
READY = pathlib.Path("/tmp/ready")
# Seconds in which an archive comes.
PATIENCE = 1800


def receive():
    RECEIVED.mkdir(exist_ok=True)
    done = subprocess.run(["tar", "--extract", "--file=-", f"--directory={RECEIVED}"], check=False)
    if done.returncode != 0:
        raise Failed("the archive did not arrive whole")
    read_manifest(RECEIVED)
    READY.touch()


def wait():
    print("waiting for the archive", flush=True)
    end = time.monotonic() + PATIENCE
    while not READY.exists():
        if time.monotonic() > end:
            raise Failed(f"no archive came within {PATIENCE} s; npm run restore sends it")
        time.sleep(0.5)


def main():
    logins = register_own()
    wait()
    manifest = json.loads((RECEIVED / "manifest.json").read_text())
    for name, facts in manifest["databases"].items():
        if name not in logins:
            print(f"left out: the {name} database, since this stack keeps results in the metadata", flush=True)
            continue
        print(f"restoring the {name} database: {sum(facts['rows'].values())} rows", flush=True)
        restore(name, RECEIVED / f"{name}.dump")
    # The container of a job outlives it.
    shutil.rmtree(RECEIVED)
    print(f"restored backup {manifest['id']}", flush=True)


if __name__ == "__main__":
    try:
        receive() if sys.argv[1:] == ["receive"] else main()
    except Failed as error:
        sys.exit(f"restore: {error}")
