"""Takes bases: copies of all files of the stack's Postgres, from which the kept log leads to any later moment."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
from datetime import datetime, timezone

import archive
import copies
import mirror
import wal
from databases import (
    BackupError,
    connected,
    contents_of,
    major_of,
    own_logins,
    record_event,
    register,
    register_own,
    run,
    running_server,
)
from notes import id_of, is_due, keep_latest, notes_in, settle, write_note
from room import THROWAWAY_LOG, check_free, check_room

BASES = pathlib.Path("/backups/bases")
SUFFIX = ".base.tar.age"
# Bytes that a base and its recovery take, by byte of the databases: all files, and a compressed copy.
ROOM = 1.3
# Seconds until the log of a base is kept.
LOG_TIMEOUT = 120


def remove_all():
    """Removes what a stack kept while it was continuous."""
    for folder in (BASES, wal.KEPT):
        shutil.rmtree(folder, ignore_errors=True)


def archive_of(note):
    return BASES / f"{note['id']}{SUFFIX}"


def bases():
    """Returns the notes of all bases, the latest first."""
    return notes_in(BASES, SUFFIX)


def is_whole(note, since):
    """True if the log has no gap since a base.

    :param since: number of the first segment after which none is missing; None without segments
    """
    return since is not None and since <= note["first"]


def reachable(system):
    """Returns the bases of a database cluster from which the log has no gap, the latest first."""
    since = wal.unbroken_since(system)
    return [note for note in bases() if note["system"] == system and is_whole(note, since)]


def reach():
    """Returns the first and the last moment that can be restored, in ISO 8601, of each database cluster: the one with the latest base first."""
    moments = []
    for system in dict.fromkeys(note["system"] for note in bases()):
        known, last = reachable(system), wal.through(system)
        if known and last is not None:
            first = min(note["at"] for note in known)
            moments.append({"system": system, "from": first, "to": datetime.fromtimestamp(last, timezone.utc).isoformat()})
    return moments


def moments():
    """Returns the moments that can be restored for `list`: those of the present log, and those of earlier servers, such as a lost machine's."""
    ranges = reach()
    system = next((note["system"] for note in bases()), None)
    present = next((one for one in ranges if one["system"] == system), None)
    earlier = [one for one in ranges if one is not present]
    if present and copies.PLACE:
        present |= {"copied": mirror.last()}
    return {"moments": present, "earlier": earlier}


def seconds(at):
    """Returns a time in ISO 8601 in seconds since 1970; None for None."""
    return at and datetime.fromisoformat(at).timestamp()


def log_kept(system):
    """Returns up to when the log of a database cluster is kept, in the bucket as well if there is one; None if it is not."""
    kept = [wal.through(system) if reachable(system) else None, *([seconds(mirror.last())] if copies.PLACE else [])]
    return None if None in kept else min(kept)


def report_moments():
    """Records for the monitoring up to when the log of the database is kept, and when the latest base was taken, in seconds since 1970."""
    latest = next(iter(bases()), None)
    extra = {"to": latest and log_kept(latest["system"]), "base": latest and seconds(latest["at"])}
    record_event("airflow_on_celery.moments", json.dumps(extra))


def before(moment):
    """Returns the latest base before a moment; None if there is none."""
    return next((note for note in bases() if datetime.fromisoformat(note["at"]) <= moment), None)


def needs_base(every):
    """True if the latest base is older than `every` seconds, or the log since then has a gap."""
    system = wal.Receiver.system
    if system is None:
        return False
    latest = next((note for note in bases() if note["system"] == system), None)
    return latest is None or is_due(latest, every) or not is_whole(latest, wal.unbroken_since(system))


def copy_files(folder):
    """Copies the files of the server into a folder; returns the number of the first and of the last segment that they need."""
    # Without the log in the copy, Postgres would wait for its own archive, which may be broken.
    flags = ["--format=tar", "--compress=1", "--wal-method=fetch", "--checkpoint=fast"]
    copying = wal.client("pg_basebackup", f"--pgdata={folder}", *flags)
    _, errors = copying.communicate()
    if copying.returncode != 0:
        raise BackupError(f"pg_basebackup failed with exit code {copying.returncode}: {errors.strip()[-1000:]}")
    (needed,) = json.loads((folder / "backup_manifest").read_text())["WAL-Ranges"]

    def segment(position):
        high, low = (int(part, 16) for part in position.split("/"))
        return high * 256 + (low >> 24)

    return segment(needed["Start-LSN"]), segment(needed["End-LSN"])


def check_version():
    """Refuses a server whose files the server of this image cannot open."""
    own = major_of("postgres")
    (found,) = wal.ask("SELECT current_setting('server_version_num')::int / 10000")
    if found != own:
        raise BackupError(
            f"the server is PostgreSQL {found}, and that of the backups is {own}; expected images.backup with PostgreSQL {found}, "
            "since a base is a copy of the server's files"
        )


def await_log(system, last):
    """Waits until the log of a base is kept; ends its last segment, so that the segment is complete."""
    wal.ask("SELECT pg_switch_wal()")
    end = time.monotonic() + LOG_TIMEOUT
    while not wal.has(system, last):
        if time.monotonic() > end:
            raise BackupError(f"received no log of the base within {LOG_TIMEOUT} s: {wal.Receiver.fault}")
        time.sleep(1)
        # The next attempt copies what another thread, or the receiver, has taken away meanwhile.
        with contextlib.suppress(BackupError, OSError):
            wal.keep()


def take(facts):
    """Takes and proves a base.

    :param facts: facts for the note
    :raises BackupError: if the base, or its proof, fails
    """
    started = time.monotonic()
    check_room(register_own(), ROOM)
    BASES.mkdir(exist_ok=True)
    partial = BASES / "partial"
    try:
        with tempfile.TemporaryDirectory() as folder:
            check_version()
            system, _ = wal.system_now()
            first, last = copy_files(pathlib.Path(folder))
            at = wal.system_now()[1].astimezone(timezone.utc)
            note = facts | {"id": id_of(at), "at": at.isoformat(), "system": system, "first": first}
            archive.write_manifest(pathlib.Path(folder), note)
            archive.pack(pathlib.Path(folder), partial)
        await_log(system, last)
        with recovered(note, partial):
            with connected("metadata") as cursor:
                # Reads every table besides.
                note["revision"] = contents_of(cursor)["revision"]
        if note["revision"] is None:
            raise BackupError("the base has no revision of Airflow's schema; expected a migrated database")
        note |= {"bytes": partial.stat().st_size, "seconds": round(time.monotonic() - started, 1)}
        # A note without its archive is no base.
        write_note(BASES / f"{note['id']}.json", note)
        settle(partial, archive_of(note))
    finally:
        partial.unlink(missing_ok=True)
    return note


def remove_old(keep):
    """Removes all bases but the latest ones, and the log that no base needs."""
    keep_latest(BASES, SUFFIX, keep)
    # Log that is on its way from the bucket has no base yet.
    if mirror.is_filled():
        remove_log()


def remove_log():
    firsts = {}
    for kept in bases():
        firsts[kept["system"]] = min(kept["first"], firsts.get(kept["system"], kept["first"]))
    wal.remove_before(firsts)


def unpack(path, folder):
    """Unpacks a base into `data` of a folder, ready to recover, and checks every file."""
    archive.unpack(path, folder)
    check_free(sum(file["Size"] for file in json.loads((folder / "backup_manifest").read_text())["Files"]) + THROWAWAY_LOG)
    data = folder / "data"
    data.mkdir(mode=0o700)
    run(["tar", "--extract", f"--file={folder}/base.tar.gz", f"--directory={data}"], "")
    # Checks no log, which is not in the base.
    flags = ["--no-parse-wal", f"--manifest-path={folder}/backup_manifest"]
    run(["pg_verifybackup", "--quiet", *flags, str(data)], "", stdout=subprocess.DEVNULL)
    (folder / "base.tar.gz").unlink()
    # Settings of the stack's server need not fit a throwaway one.
    for name in ("postgresql.conf", "postgresql.auto.conf"):
        (data / name).write_text("")
    # The folder of the socket belongs to this user alone.
    (data / "pg_hba.conf").write_text("local all all trust\n")
    (data / "recovery.signal").touch()


def fetching(system):
    """Returns the command that decrypts a segment of the kept log for a server that recovers.

    Its exit code 1 is the end of the log; 255 ends the recovery, since a segment that cannot be read is no end.
    """
    kept = wal.KEPT / system
    decrypt = f"age --decrypt --identity {archive.KEYS}"
    looks = [
        f"if test -f {kept}/%f{suffix}; then {decrypt} {kept}/%f{suffix} | gzip --decompress > %p && exit; exit 255; fi"
        for suffix in (wal.COMPLETE, wal.PARTIAL)
    ]
    return "; ".join([*looks, "exit 1"])


@contextlib.contextmanager
def recovered(note, path, moment=None):
    """Runs a throwaway server with the stack's databases as of a moment, or as of the end of the kept log.

    :param moment: time in ISO 8601
    :raises BackupError: if the log does not lead to that moment
    """
    names = {service: login["dbname"] for service, login in own_logins().items()}
    with tempfile.TemporaryDirectory() as folder:
        unpack(path, pathlib.Path(folder))
        settings = {"restore_command": fetching(note["system"]), "hot_standby": "off"}
        if moment is not None:
            settings |= {"recovery_target_time": moment, "recovery_target_action": "promote"}
        login = {"host": folder, "port": 5432, "user": "postgres"}
        register({service: login | {"dbname": name} for service, name in names.items()})
        with running_server(folder, settings):
            yield
