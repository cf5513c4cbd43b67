"""Replaces the contents of a database by a dump."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile

from databases import BackupError, connected, rows_of
from schema import DEPENDENTS, EMPTY, SCHEMA

# Does not warn of the catalog's tables, which belong to the server's owner.
ANALYZE = b"SET client_min_messages = error; ANALYZE;"
# Setting that pg_restore writes from version 17 on, and the first server that knows it.
TIMEOUT, TIMEOUT_SINCE = b"SET transaction_timeout = 0;\n", 17
# Lines at the beginning of pg_restore's text that have all of its settings, and no data.
HEAD = 40
# Objects that a refusal names.
SHOWN = 10


def check_dependents(names):
    """Refuses to replace databases if that would remove what is in no backup.

    :raises BackupError: with the objects
    """
    for name in names:
        with connected(name) as cursor:
            found = [found for (found,) in rows_of(cursor, DEPENDENTS)]
        if found:
            more = "" if len(found) <= SHOWN else f" and {len(found) - SHOWN} more"
            raise BackupError(
                f"{', '.join(found[:SHOWN])}{more}: outside the schema {SCHEMA} of the {name} database, this depends on it, and would be lost "
                "with what a restoration replaces; nothing was replaced: drop it first, and make it again afterwards"
            )


def copy_statements(source, target, server):
    """Copies the text of pg_restore without the setting that a server does not know.

    :param server: major version of the server
    """
    for line in itertools.islice(source, HEAD):
        if line != TIMEOUT or server >= TIMEOUT_SINCE:
            target.write(line)
    shutil.copyfileobj(source, target, 2**20)


def restore(name, source, analyzes=True):
    """Replaces the contents of a database by a dump, in one transaction.

    :param analyzes: true to collect statistics as well, which a dump lacks; without them a query of a large table may read all of it
    :raises BackupError: if this fails; the database is then unchanged
    """
    with connected(name) as cursor:
        server = cursor.connection.server_version // 10000
    environment = os.environ | {"PGSERVICE": name, "PGOPTIONS": "-c client_min_messages=warning"}
    flags = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    # By its schema, an archive of everything that a database had restores Airflow's tables alone.
    reading = ["pg_restore", f"--schema={SCHEMA}", "--no-owner", "--no-privileges", "--file=-", source]
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(
        ["psql", *flags], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
    ) as client:
        # A client that fails ends at once, and tells why below.
        with subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=errors) as reader, contextlib.suppress(BrokenPipeError):
            client.stdin.write(EMPTY.encode())
            copy_statements(reader.stdout, client.stdin, server)
        if reader.returncode != 0:
            # Keeps psql from the end of its input, at which it would commit.
            client.kill()
        elif analyzes:
            with contextlib.suppress(BrokenPipeError):
                client.stdin.write(ANALYZE)
        with contextlib.suppress(BrokenPipeError):
            client.stdin.close()
        if client.wait() != 0:
            errors.seek(0)
            raise BackupError(f"restoring the {name} database failed: {errors.read().strip()[-1000:]}")
