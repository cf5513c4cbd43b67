"""usage: backup.py serve | now | list | send ID

`serve` takes a backup at each interval, `now` takes one and says how it goes, `list` prints the backups as JSON, and
`send` writes one to standard output. A backup counts once it is proven, and the oldest ones beyond the number to keep go.
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
from datetime import datetime, timezone

import archive
import psycopg2
from databases import Failed, connected, dump, leave_line, register_own, rows_of
from proof import prove

STORE = pathlib.Path("/backups")
HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")
FAILURE = STORE / "failure.json"
# Contents of the archive besides the databases.
SECRETS = pathlib.Path("/run/secrets/secrets.json")
STACK = pathlib.Path("/run/secrets/stack.json")
# Seconds until a failed backup is tried again.
AGAIN = 600

about = json.loads((pathlib.Path(__file__).parent / "about.json").read_text())


def now():
    return datetime.now(timezone.utc)


def tell(text):
    print(text, flush=True)


def archive_of(known):
    return STORE / f"{known}.tar.age"


def backups():
    """What is known of the backups, the latest first."""
    notes = [json.loads(path.read_text()) for path in STORE.glob("[0-9]*.json")]
    return sorted((note for note in notes if archive_of(note["id"]).exists()), key=lambda note: note["id"], reverse=True)


def dags():
    """Where the DAGs come from, and their revision: of the repository, or a hash of all that Airflow has read."""
    with connected("metadata") as cursor:
        read = (
            "SELECT md5(string_agg(md5(source_code), '' ORDER BY fileloc)) FROM"
            " (SELECT DISTINCT ON (fileloc) fileloc, source_code FROM dag_code ORDER BY fileloc, last_updated DESC) latest"
        )
        ((revision,),) = rows_of(cursor, read)
        has_bundles = rows_of(cursor, "SELECT to_regclass('public.dag_bundle') IS NOT NULL")[0][0]
        versions = rows_of(cursor, "SELECT version FROM dag_bundle WHERE name = 'dags'") if has_bundles else []
    return {"from": about["dags"], "revision": next((version for (version,) in versions if version), revision)}


def collect(folder, known):
    """Fills a folder with the contents of an archive."""
    begun = now()
    databases = {}
    for name in register_own():
        tell(f"  dumping the {name} database")
        databases[name] = dump(name, folder / f"{name}.dump")
    manifest = {key: about[key] for key in ("stack", "version", "images")}
    manifest |= {"id": known, "at": begun.isoformat(), "dags": dags(), "databases": databases}
    shutil.copyfile(SECRETS, folder / "secrets.json")
    shutil.copyfile(STACK, folder / "stack.json")
    archive.write_manifest(folder, manifest)


def make(known):
    """Makes and proves one backup; returns what is to be known of it."""
    begun = time.monotonic()
    partial = STORE / "partial"
    try:
        with tempfile.TemporaryDirectory() as folder:
            collect(pathlib.Path(folder), known)
            tell("  encrypting")
            archive.pack(pathlib.Path(folder), partial)
        dumped = time.monotonic()
        tell("  restoring it into a throwaway server")
        manifest, opened = prove(partial)
        note = {
            "id": known,
            "at": manifest["at"],
            "bytes": partial.stat().st_size,
            "sha256": archive.digest(partial),
            "version": manifest["version"],
            "rows": sum(sum(facts["rows"].values()) for facts in manifest["databases"].values()),
            "opened": opened,
            "seconds": round(dumped - begun, 1),
            "proof": round(time.monotonic() - dumped, 1),
        }
        (STORE / f"{known}.json").write_text(json.dumps(note))
        partial.rename(archive_of(known))
        return note
    finally:
        partial.unlink(missing_ok=True)


def remove_old():
    for note in backups()[about["keep"] :]:
        archive_of(note["id"]).unlink()
        (STORE / f"{note['id']}.json").unlink()


@contextlib.contextmanager
def alone():
    try:
        lock = (STORE / "lock").open("w")
    except OSError as error:
        raise Failed(f"backups cannot be written: {error}; user 999 must be able to write there") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def take():
    """Takes one backup, or notes and raises why there is none."""
    with alone():
        known = now().strftime("%Y%m%dT%H%M%SZ")
        try:
            made = make(known)
        except Exception as error:
            fault = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):
                FAILURE.write_text(json.dumps({"at": now().isoformat(), "fault": fault}))
            raise Failed(fault) from error
        FAILURE.unlink(missing_ok=True)
        remove_old()
        # A backup is no worse without the line.
        with contextlib.suppress(psycopg2.Error):
            # The proof has registered its own databases in place of these.
            register_own()
            leave_line("airflow_on_celery.backup", json.dumps({"id": known}))
    tell(
        f"Backup {known}: {made['bytes']} bytes in {made['seconds']} s; proven in {made['proof']} s:"
        f" {made['rows']} rows are the same, {made['opened']} secret value(s) decrypted."
    )


def age(note):
    return (now() - datetime.fromisoformat(note["at"])).total_seconds()


def beat():
    while True:
        HEARTBEAT.touch()
        time.sleep(5)


def serve():
    threading.Thread(target=beat, daemon=True).start()
    while True:
        latest = backups()[:1]
        pause = about["every"] - age(latest[0]) if latest else 0
        if pause > 0:
            # A backup on demand moves the next one.
            time.sleep(min(pause, 60))
            continue
        try:
            take()
        except Failed as error:
            tell(f"FAILED: {error}")
            time.sleep(min(AGAIN, about["every"]))


def listed():
    failure = json.loads(FAILURE.read_text()) if FAILURE.exists() else None
    return {"backups": backups(), "failure": failure}


def send(known):
    with archive_of(known).open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    try:
        {"serve": serve, "now": take, "list": lambda: print(json.dumps(listed())), "send": send}[command](*rest)
    except Failed as error:
        sys.exit(f"There is no backup: {error}")
