"""The databases of a stack: their logins, what is in them, and how they are dumped and put back.

A database is called by the name of its service in libpq's service file, so that no password is in an argument or a variable.
"""

import contextlib
import os
import pathlib
import subprocess
import tempfile

import psycopg2
from psycopg2.extensions import parse_dsn

SERVICES = pathlib.Path("/dev/shm/services")
# The metadata, and Celery's results where they have a database of their own.
NAMES = ("metadata", "results")
LOCK_SECONDS = 300

# Keeps the data until the new data is in: both happen in one transaction.
EMPTY = """
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""

os.environ["PGSERVICEFILE"] = str(SERVICES)
os.environ["PGCONNECT_TIMEOUT"] = "10"


class Failed(Exception):
    """A failure whose text says all."""


def register(logins):
    """Writes the service file: libpq's parameters by name."""
    sections = [
        "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in login.items()), ""])
        for name, login in logins.items()
    ]
    SERVICES.touch(mode=0o600)
    SERVICES.write_text("\n".join(sections))


def register_own():
    """Registers the databases whose URLs are secrets of this container; returns their names."""
    urls = {name: pathlib.Path(f"/run/secrets/{name}_url") for name in NAMES}
    logins = {name: parse_dsn(url.read_text()) for name, url in urls.items() if url.exists()}
    register(logins)
    return logins


@contextlib.contextmanager
def connected(name):
    try:
        connection = psycopg2.connect(service=name)
    except psycopg2.Error as error:
        raise Failed(f"the {name} database cannot be reached: {str(error).strip()}") from None
    try:
        # One snapshot for all that is read.
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def leave_line(event, extra):
    """Leaves one line in Airflow's audit log, for the monitoring: the last of an event."""
    with contextlib.closing(psycopg2.connect(service="metadata")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM log WHERE event = %s", (event,))
        cursor.execute("INSERT INTO log (dttm, event, owner, extra) VALUES (now(), %s, 'airflow', %s)", (event, extra))


def rows_of(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def facts(cursor):
    """The number of rows of each table, and the revision of Airflow's schema."""
    tables = [
        name
        for (name,) in rows_of(
            cursor,
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
        )
    ]
    rows = {table: rows_of(cursor, f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    known = "public.alembic_version" in tables
    revision = rows_of(cursor, "SELECT version_num FROM public.alembic_version") if known else []
    return {"rows": rows, "revision": revision[0][0] if revision else None}


def run(command, service, **options):
    environment = os.environ | {"PGSERVICE": service}
    done = subprocess.run(command, env=environment, text=True, stderr=subprocess.PIPE, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: {done.stderr.strip()[-1000:]}")


def check_version(cursor):
    ours = int(subprocess.check_output(["pg_dump", "--version"], text=True).split()[2].split(".")[0])
    theirs = cursor.connection.server_version // 10000
    if theirs > ours:
        raise Failed(
            f"the server is PostgreSQL {theirs}, and pg_dump is {ours}; expected a pg_dump that is not older: "
            f"set images.backup to an image with PostgreSQL {theirs}"
        )


def dump(name, target):
    """Dumps a database; returns its facts as of the same moment."""
    with connected(name) as cursor:
        check_version(cursor)
        ((snapshot,),) = rows_of(cursor, "SELECT pg_export_snapshot()")
        flags = ["--format=custom", "--no-owner", "--no-privileges", f"--lock-wait-timeout={LOCK_SECONDS}s"]
        run(["pg_dump", *flags, f"--snapshot={snapshot}", f"--file={target}"], name)
        return facts(cursor)


def restore(name, source):
    """Replaces the contents of a database by those of a dump, or leaves it as it was."""
    environment = os.environ | {"PGSERVICE": name, "PGOPTIONS": "-c client_min_messages=warning"}
    flags = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    with tempfile.TemporaryFile("w+") as complaints, subprocess.Popen(
        ["psql", *flags], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints
    ) as client:
        with contextlib.suppress(BrokenPipeError):
            client.stdin.write(EMPTY)
            client.stdin.flush()
        reader = subprocess.run(
            ["pg_restore", "--no-owner", "--no-privileges", "--file=-", source],
            stdout=client.stdin,
            stderr=complaints,
            check=False,
        )
        if reader.returncode != 0:
            # At the end of its input it would commit.
            client.kill()
        with contextlib.suppress(BrokenPipeError):
            client.stdin.close()
        if client.wait() != 0:
            complaints.seek(0)
            raise Failed(f"the {name} database cannot be restored: {complaints.read().strip()[-1000:]}")


@contextlib.contextmanager
def throwaway(names, port=None):
    """Runs an empty server, which only this container reaches, with a database for each name; no other one is known then.

    A port of the loopback interface lets containers in that connect as `proof` there.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/data"
        settings = {
            "listen_addresses": "127.0.0.1" if port else "",
            "port": port or 5432,
            "unix_socket_directories": folder,
            "fsync": "off",
            "full_page_writes": "off",
            "max_wal_size": "256MB",
            "shared_buffers": "32MB",
            "dynamic_shared_memory_type": "mmap",
            "max_parallel_maintenance_workers": "0",
        }
        options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        flags = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=proof"]
        login = {"host": folder, "port": port or 5432, "user": "proof"}
        register({"": login | {"dbname": "postgres"}} | {name: login | {"dbname": name} for name in names})
        run(["initdb", *flags, f"--pgdata={data}"], "", stdout=subprocess.DEVNULL)
        server = ["pg_ctl", f"--pgdata={data}", "--wait", "--silent", f"--log={folder}/log"]
        run([*server, "-o", options, "start"], "", stdout=subprocess.DEVNULL)
        try:
            for name in names:
                run(["createdb", f"--host={folder}", f"--port={port or 5432}", "--username=proof", name], "")
            yield
        finally:
            run([*server, "--mode=immediate", "stop"], "", stdout=subprocess.DEVNULL)
