"""Keeps the write-ahead log (WAL) of the stack's Postgres beside the backups, encrypted.

With a base and the WAL since then, the databases can be restored as of any moment. Names of segments are Postgres' own.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import psycopg2
from archive import KEY, pipe
from databases import BackupError, told, write_services
from notes import settle, write_note
from psycopg2.extensions import parse_dsn

# Kept segments, by identifier of the database cluster.
KEPT = pathlib.Path("/backups/wal")
RECEIVED = pathlib.Path("/tmp/wal")
URL = pathlib.Path("/run/secrets/replication_url")
# A file of services beside that of the dumps, which proofs replace.
SERVICE = pathlib.Path("/dev/shm/replication")
# Seconds between two copies of what was received.
INTERVAL = 20
# Seconds until a receiver that ended is started again.
RETRY_INTERVAL = 5
SEGMENT = re.compile(r"[0-9A-F]{24}")
SEGMENT_BYTES = 16 * 2**20
# Bytes of received log that may wait until they are kept, on a disk that others need; the server keeps as much (`wal_keep_size`).
MOST_WAITING = 512 * 2**20
# Suffixes of kept segments; the newest segment is incomplete.
COMPLETE, PARTIAL = ".gz.age", ".partial.gz.age"
# Note of the moment up to which the log is kept.
THROUGH = "through.json"
# Time of the server, bytes of log that it had then, and bytes that the receiver has written. The transactions of the last second may
# still be on their way into the log.
POSITION = """
SELECT extract(epoch FROM clock_timestamp() - interval '1 second')::float8, pg_current_wal_flush_lsn() - '0/0'::pg_lsn,
  (SELECT max(write_lsn) FROM pg_stat_replication WHERE application_name = 'pg_receivewal') - '0/0'::pg_lsn
"""

exclusive = threading.Lock()


class Receiver:
    """State of this container's receiver."""

    system = None
    process = None
    fault = None
    # True if the server no longer has what follows the kept log: a receiver goes on at the present.
    has_gap = False
    # Time of the last change of the copied incomplete segment, by name.
    copied = {}
    # Earlier times of the server that the log has yet to reach, with the bytes of log.
    awaited = []


def client(program, *flags):
    """Starts a client of Postgres that replicates; returns its process."""
    login = {key: value for key, value in parse_dsn(URL.read_text()).items() if key != "dbname"}
    new = SERVICE.with_name(f"replication-{threading.get_ident()}")
    write_services(new, {"replication": login})
    new.rename(SERVICE)
    command = [program, "--dbname=service=replication", "--no-password", *flags]
    environment = os.environ | {"PGSERVICEFILE": str(SERVICE)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ask(query):
    """Returns the row of a query to the server, which is a transaction.

    :raises BackupError: if the server does not answer
    """
    try:
        with contextlib.closing(psycopg2.connect(URL.read_text(), connect_timeout=10, options="-c statement_timeout=10s")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchone()
    except psycopg2.Error as error:
        raise BackupError(f"no connection for replication: {str(error).strip()}") from None


def system_now():
    """Asks the server for the identifier of its database cluster, and its time."""
    return ask("SELECT system_identifier::text, clock_timestamp() FROM pg_control_system()")


def number(name):
    """Returns the number of a segment of 16 MiB in the log."""
    return int(name[8:16], 16) * 256 + int(name[16:24], 16)


def kept(system):
    """Returns the files of the kept segments, the earliest first."""
    return sorted(path for path in (KEPT / system).glob("*.age") if SEGMENT.match(path.name))


def numbers(system):
    """Returns the numbers of the kept segments; an incomplete one counts only at the end of the log."""
    paths = kept(system)
    newest = number(paths[-1].name) if paths else None
    found = {path: number(path.name) for path in paths}
    return {of for path, of in found.items() if of == newest or not path.name.endswith(PARTIAL)}


def unbroken_since(system):
    """Returns the number of the first segment after which none is missing; None without segments."""
    first = None
    for found in sorted(numbers(system), reverse=True):
        if first is not None and found < first - 1:
            break
        first = found
    return first


def has(system, segment):
    """True if a complete segment is kept."""
    return any(number(path.name) == segment and not path.name.endswith(PARTIAL) for path in kept(system))


def prepare(system):
    """Makes the receiver go on at the segment that was kept last, and not at the server's present one."""
    folder = RECEIVED / system
    folder.mkdir(parents=True, exist_ok=True)
    (KEPT / system).mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()) and not Receiver.has_gap:
        for path in kept(system)[-1:]:
            (folder / f"{path.name[:24]}.partial").touch()
    # A full disk leaves a shorter file, which the receiver would refuse.
    for path in folder.glob("*.partial"):
        if path.stat().st_size != SEGMENT_BYTES:
            path.write_bytes(b"")
    return folder


def waiting(system):
    """Returns the bytes that were received, and have yet to be kept."""
    return sum(path.stat().st_size for path in (RECEIVED / system).glob("*"))


def check_waiting(system):
    """Refuses to receive more than can be kept.

    :raises BackupError: with the bytes that wait
    """
    if (bytes := waiting(system)) > MOST_WAITING:
        raise BackupError(
            f"{bytes // 2**20} MiB of received log wait, since they could not be kept beside the backups; expected at most "
            f"{MOST_WAITING // 2**20} MiB: free some disk there, or lower backup.keep"
        )


def receive():
    """Receives the log for as long as the container runs."""
    while True:
        try:
            system, _ = system_now()
            folder = prepare(system)
            check_waiting(system)
            receiver = client("pg_receivewal", f"--directory={folder}", "--no-loop", "--status-interval=5")
            with exclusive:
                Receiver.system, Receiver.process, Receiver.awaited = system, receiver, []
            _, errors = receiver.communicate()
            Receiver.fault = errors.strip()[-500:]
            with exclusive:
                Receiver.has_gap = "has already been removed" in errors
                if Receiver.has_gap:
                    shutil.rmtree(folder)
        # Any error, since no log would be received for as long as the container runs.
        except Exception as error:
            Receiver.fault = told(error)
        print(f"Log of the database: {Receiver.fault}; next attempt in {RETRY_INTERVAL} s", flush=True)
        time.sleep(RETRY_INTERVAL)


def encrypt(source, target):
    new = target.with_name("new")
    pipe(["gzip", "-1", "--stdout", str(source)], ["age", "--encrypt", "--identity", KEY, "--output", str(new)])
    settle(new, target)


def copy_partial(path, target):
    status = path.stat()
    if status.st_size and Receiver.copied.get(path.name) != status.st_mtime_ns:
        encrypt(path, target)
        Receiver.copied = {path.name: status.st_mtime_ns}


def copy(system):
    """Copies what was received to the kept log."""
    target = KEPT / system
    segments = sorted((RECEIVED / system).glob("*"))
    complete = [path for path in segments if SEGMENT.fullmatch(path.name)]
    for path in complete:
        if not (target / f"{path.name}{COMPLETE}").exists():
            encrypt(path, target / f"{path.name}{COMPLETE}")
        (target / f"{path.name}{PARTIAL}").unlink(missing_ok=True)
        # Leaves the last one, after which the receiver goes on.
        if path != complete[-1]:
            path.unlink()
    for path in segments:
        if path.suffix == ".partial":
            try:
                copy_partial(path, target / f"{path.stem}{PARTIAL}")
            except (BackupError, FileNotFoundError):
                # The receiver renames a segment that is complete; the next look copies it.
                if path.exists():
                    raise


def keep():
    """Keeps what was received, and notes the moment up to which the log is kept.

    :raises BackupError: if the server does not answer; what was received is kept nevertheless
    """
    with exclusive:
        system = Receiver.system
        if system is None:
            return
        try:
            position = ask(POSITION)
        except BackupError:
            copy(system)
            raise
        copy(system)
        at, had, written = position
        Receiver.awaited.append((at, had))
        reached = [time for time, bytes in Receiver.awaited if bytes <= (written or 0)]
        if reached:
            Receiver.awaited = [one for one in Receiver.awaited if one[0] > reached[-1]]
            write_note(KEPT / system / THROUGH, {"at": reached[-1]})


def through(system):
    """Returns the moment up to which the log is kept, in seconds since 1970; None if nothing is kept."""
    path = KEPT / system / THROUGH
    return json.loads(path.read_text())["at"] if path.exists() else None


def keep_bounded():
    """Keeps what was received, and stops the receiver if too much is left, as on a full disk; it starts again once there is room."""
    try:
        keep()
    finally:
        if Receiver.process and waiting(Receiver.system) > MOST_WAITING:
            Receiver.process.terminate()


def keep_on():
    """Keeps what is received for as long as the container runs."""
    while True:
        time.sleep(INTERVAL)
        try:
            keep_bounded()
        except Exception as error:
            print(f"Log of the database: not kept, next attempt in {INTERVAL} s: {told(error)}", flush=True)


def remove_before(firsts):
    """Removes the log that no base needs.

    :param firsts: number of the first segment that a base needs, by identifier of the database cluster
    """
    with exclusive:
        for folder in KEPT.glob("*"):
            for path in kept(folder.name):
                if folder.name not in firsts or number(path.name) < firsts[folder.name]:
                    path.unlink()


def start():
    for run in (receive, keep_on):
        threading.Thread(target=run, daemon=True).start()
