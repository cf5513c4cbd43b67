"""Dumps the databases of a stack, counts their rows, and runs throwaway servers.

Programs name a database by its service in libpq's service file, so that no password is in an argument or a variable.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone

import psycopg2
from psycopg2.extensions import parse_dsn
from schema import OWN_OBJECTS, SCHEMA

SERVICES = pathlib.Path("/dev/shm/services")
# Services: Airflow's metadata, and Celery's results if these have a database of their own.
NAMES = ("metadata", "results")
# Seconds that pg_dump waits for the lock of a table, such as during a migration.
LOCK_TIMEOUT = 300

os.environ["PGSERVICEFILE"] = str(SERVICES)
os.environ["PGCONNECT_TIMEOUT"] = "10"


class BackupError(Exception):
    """An expected failure of a backup or a restoration; its text explains the failure to people."""


def told(error):
    """Returns the text of an error for people."""
    return str(error) if isinstance(error, BackupError) else f"{type(error).__name__}: {error}"


def write_services(path, logins):
    """Writes a file of libpq's services, for its owner alone.

    :param logins: libpq's parameters, by service
    """
    sections = [
        "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in login.items()), ""])
        for name, login in logins.items()
    ]
    path.touch(mode=0o600)
    path.write_text("\n".join(sections))


def register(logins):
    """Writes the service file, in place of an earlier one.

    :param logins: libpq's parameters, by service
    """
    write_services(SERVICES, logins)


def own_logins():
    """Returns libpq's parameters of the stack's databases, by service."""
    urls = {name: pathlib.Path(f"/run/secrets/{name}_url") for name in NAMES}
    return {name: parse_dsn(url.read_text()) for name, url in urls.items() if url.exists()}


def register_own():
    """Registers the databases whose URLs are secrets of this container; returns the logins by service."""
    logins = own_logins()
    register(logins)
    return logins


@contextlib.contextmanager
def connected(name):
    """Yields a cursor in a read-only transaction, which sees one snapshot of the database.

    :raises BackupError: if there is no connection
    """
    try:
        connection = psycopg2.connect(service=name)
    except psycopg2.Error as error:
        raise BackupError(f"no connection to the {name} database: {str(error).strip()}") from None
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextlib.contextmanager
def recording():
    """Yields a cursor that writes to Airflow's metadata. Needs no registered service, since a proof may have replaced these."""
    login = own_logins()["metadata"]
    with contextlib.closing(psycopg2.connect(**login)) as connection, connection, connection.cursor() as cursor:
        yield cursor


def replace_event(cursor, event, extra, at):
    cursor.execute("DELETE FROM log WHERE event = %s", (event,))
    cursor.execute("INSERT INTO log (dttm, event, owner, extra) VALUES (%s, %s, 'airflow', %s)", (at, event, extra))


def record_event(event, extra):
    """Replaces the last entry of an event in Airflow's audit log, which the monitoring reads."""
    with recording() as cursor:
        replace_event(cursor, event, extra, datetime.now(timezone.utc))


def record_latest(event, extra, at):
    """Records an event of a past time, in ISO 8601, unless its entry is there."""
    with recording() as cursor:
        cursor.execute("SELECT extra FROM log WHERE event = %s", (event,))
        if cursor.fetchall() != [(extra,)]:
            replace_event(cursor, event, extra, at)


def rows_of(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def revision_of(cursor):
    """Returns the revision of Airflow's schema; None without one."""
    has_revision = rows_of(cursor, "SELECT to_regclass('public.alembic_version') IS NOT NULL")[0][0]
    revision = rows_of(cursor, "SELECT version_num FROM public.alembic_version") if has_revision else []
    return revision[0][0] if revision else None


def dags_revision():
    """Returns the revision of the DAGs: those of the repositories, or a hash of the source code in the database."""
    with connected("metadata") as cursor:
        query = (
            "SELECT md5(string_agg(md5(source_code), '' ORDER BY fileloc)) FROM"
            " (SELECT DISTINCT ON (fileloc) fileloc, source_code FROM dag_code ORDER BY fileloc, last_updated DESC) latest"
        )
        ((revision,),) = rows_of(cursor, query)
        has_bundles = rows_of(cursor, "SELECT to_regclass('public.dag_bundle') IS NOT NULL")[0][0]
        bundles = rows_of(cursor, "SELECT version FROM dag_bundle WHERE active ORDER BY name") if has_bundles else []
    versions = [version for (version,) in bundles]
    return ", ".join(versions) if versions and all(versions) else revision


def size_of(cursor):
    """Returns the bytes of a database."""
    return rows_of(cursor, "SELECT pg_database_size(current_database())")[0][0]


def contents_of(cursor):
    """Returns the number of rows of each table but those of extensions, and the revision of Airflow's schema; None without one."""
    tables = [
        name
        for (name,) in rows_of(
            cursor,
            f"SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = '{SCHEMA}' AND NOT EXISTS"
            " (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e'"
            " AND objid = format('%I.%I', schemaname, tablename)::regclass) ORDER BY 1",
        )
    ]
    rows = {table: rows_of(cursor, f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    return {"rows": rows, "revision": revision_of(cursor)}


def run(command, service, **options):
    """Runs a client of Postgres for a service.

    :raises BackupError: with the end of the command's errors, if the exit code is not 0
    """
    environment = os.environ | {"PGSERVICE": service}
    done = subprocess.run(command, env=environment, text=True, stderr=subprocess.PIPE, check=False, **options)
    if done.returncode != 0:
        raise BackupError(f"{command[0]} failed with exit code {done.returncode}: {done.stderr.strip()[-1000:]}")


def major_of(program):
    """Returns the major version of a program of Postgres in this image."""
    return int(subprocess.check_output([program, "--version"], text=True).split()[2].split(".")[0])


def check_version(cursor):
    client = major_of("pg_dump")
    server = cursor.connection.server_version // 10000
    if server > client:
        raise BackupError(
            f"the server is PostgreSQL {server}, and pg_dump is {client}; expected a pg_dump that is not older: "
            f"set images.backup to an image with PostgreSQL {server}"
        )


def check_owner(cursor):
    """Refuses what a restoration could not replace.

    :raises BackupError: with an object that belongs to somebody else
    """
    foreign = rows_of(
        cursor,
        f"SELECT kind, name, pg_get_userbyid(owner), current_user FROM ({OWN_OBJECTS}) own WHERE NOT pg_has_role(owner, 'USAGE') ORDER BY 2",
    )
    for kind, found, owner, user in foreign[:1]:
        raise BackupError(
            f"{kind.lower()} {found} in the schema {SCHEMA} belongs to {owner}, so a restoration could not replace it; expected a schema"
            f" for Airflow alone: move it to another schema, or GRANT {owner} TO {user} ({len(foreign)} of them)"
        )


def dump(name, target):
    """Dumps a database; returns its contents in the same snapshot, and its bytes."""
    with connected(name) as cursor:
        check_version(cursor)
        check_owner(cursor)
        ((snapshot,),) = rows_of(cursor, "SELECT pg_export_snapshot()")
        flags = ["--format=custom", f"--schema={SCHEMA}", "--no-owner", "--no-privileges", f"--lock-wait-timeout={LOCK_TIMEOUT}s"]
        run(["pg_dump", *flags, f"--snapshot={snapshot}", f"--file={target}"], name)
        return contents_of(cursor) | {"bytes": size_of(cursor)}


# Settings of a throwaway server, whose data nobody needs after a crash.
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_maintenance_workers": "0",
}


def last_lines(log, count):
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def await_connections(server, folder, port, log):
    """Waits until a started server accepts connections, and shows every 10 s what it does.

    :raises BackupError: with the last lines of the server's log, if the server ended
    """
    shown = time.monotonic()
    while subprocess.run(["pg_isready", "--quiet", f"--host={folder}", f"--port={port}"], check=False).returncode != 0:
        if server.poll() is not None:
            raise BackupError(f"the throwaway server did not start: {last_lines(log, 8)}")
        if time.monotonic() > shown + 10:
            shown = time.monotonic()
            # Standard output may be read by a program.
            print(f"  waiting for the throwaway server: {last_lines(log, 1)}", file=sys.stderr, flush=True)
        time.sleep(0.1)


@contextlib.contextmanager
def running_server(folder, settings, port=None):
    """Runs the server of the data in `data` of a folder, which gets the socket and the server's log.

    :param settings: settings besides those of every throwaway server
    :param port: port on the loopback interface; None for a socket alone
    """
    place = {
        "listen_addresses": "127.0.0.1" if port else "",
        "port": port or 5432,
        "unix_socket_directories": folder,
    }
    options = [part for key, value in (THROWAWAY | place | settings).items() for part in ("-c", f"{key}={value}")]
    log = pathlib.Path(folder, "log")
    with log.open("w") as output:
        server = subprocess.Popen(["postgres", "-D", f"{folder}/data", *options], stdout=output, stderr=output)
    try:
        await_connections(server, folder, port or 5432, log)
        yield
    finally:
        # Ends it immediately: nobody needs the data.
        server.send_signal(signal.SIGQUIT)
        server.wait()


@contextlib.contextmanager
def throwaway_server(names, port=None):
    """Runs an empty Postgres server, and registers its databases in place of all others.

    :param names: databases to create
    :param port: port on the loopback interface, for containers that share it, with the user `proof`; None for a socket alone
    """
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=proof"]
        login = {"host": folder, "port": port or 5432, "user": "proof"}
        register({"": login | {"dbname": "postgres"}} | {name: login | {"dbname": name} for name in names})
        run(["initdb", *flags, f"--pgdata={folder}/data"], "", stdout=subprocess.DEVNULL)
        with running_server(folder, {}, port):
            for name in names:
                run(["createdb", f"--host={folder}", f"--port={port or 5432}", "--username=proof", name], "")
            yield
