"""Checks a Postgres database for the needs of Airflow."""

import struct
import urllib.parse

import psycopg2
from check_network import Fault, connect, handshake

# Oldest supported version of the server, as `server_version_num`.
OLDEST = 130000


def check(key, url, connections):
    """Checks a database, and prints whether the check passed.

    :param key: key of the URL in the stack file
    :param connections: maximum number of connections that the stack opens to the server
    :return: the faults, as texts
    """
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    user, database = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.path[1:])
    mode = query.get("sslmode", "prefer")
    place = f"{key}, tried as {user} at {parts.hostname}:{parts.port}/{database} with sslmode {mode}"
    try:
        check_path(parts, mode, query.get("sslrootcert"))
        with log_in(url, user, database) as session:
            cursor = session.cursor()
            faults = list(faults_of(cursor, user, database, connections))
            if not is_encrypted(cursor):
                print(f"WARNING {place}: the connection is not encrypted: set ca, or sslmode=require in the URL.", flush=True)
    except Fault as fault:
        faults = [str(fault)]
    print(f"{place}: {'failed' if faults else 'passed'}", flush=True)
    return [f"{place}: {fault}" for fault in faults]


def check_path(parts, mode, ca):
    """Checks the network path to a server, with the TLS verification of the `sslmode`."""
    with connect(parts.hostname, parts.port) as connection:
        if mode in ("disable", "allow", "prefer"):
            return
        # Sends SSLRequest of Postgres' protocol: its length, and its code in the place of a version.
        connection.sendall(struct.pack("!ii", 8, 80877103))
        if connection.recv(1) != b"S":
            raise Fault(
                "the server does not offer TLS; expected ssl = on in its postgresql.conf, with a certificate. "
                "In a trusted network sslmode=disable in the URL avoids TLS."
            )
        handshake(connection, parts.hostname, ca, names=mode == "verify-full", verify=mode.startswith("verify")).close()


def log_in(url, user, database):
    try:
        return psycopg2.connect(url, connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise Fault(refusal(str(error).strip(), user, database)) from error


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def refusal(message, user, database):
    """Explains libpq's error message of a failed login."""
    if "password authentication failed" in message or "no password supplied" in message:
        return (
            f"the server refuses the login of {user}: user or password is wrong; expected the password in the URL. "
            f"To change it, as a superuser: ALTER ROLE {quoted(user)} LOGIN PASSWORD '...';"
        )
    if "no pg_hba.conf entry" in message:
        return (
            f"the server's pg_hba.conf has no entry for {user} from this address ({message.splitlines()[-1]}); expected "
            f"hostssl {database} {user} ADDRESS/MASK scram-sha-256. Such an entry needs TLS: set sslmode=require, or ca."
        )
    if f'database "{database}" does not exist' in message:
        return (
            f"there is no database {database}. To create it, as a superuser: "
            f"CREATE DATABASE {quoted(database)} OWNER {quoted(user)} ENCODING 'UTF8' TEMPLATE template0;"
        )
    if "too many" in message or "remaining connection slots" in message:
        return (
            f"the server has no free connection ({message.splitlines()[-1]}); "
            "expected a higher max_connections, or fewer other clients."
        )
    return f"the server refuses the connection: {message}"


def faults_of(cursor, user, database, connections):
    cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
    number, version = cursor.fetchone()
    if number < OLDEST:
        yield f"the server is PostgreSQL {version}; expected 13 or newer."
        return
    cursor.execute("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
    (encoding,) = cursor.fetchone()
    if encoding != "UTF8":
        yield (
            f"the encoding of the database is {encoding}; expected UTF8, which only a new database can have: "
            f"CREATE DATABASE {quoted(database)} OWNER {quoted(user)} ENCODING 'UTF8' TEMPLATE template0;"
        )
    cursor.execute("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool")
    if cursor.fetchone()[0]:
        yield "the database is read-only: the server is a replica, or default_transaction_read_only is on; expected the primary."
    yield from missing_privileges(cursor, user, database)
    yield from exceeded_limits(cursor, user, database, connections)


def is_encrypted(cursor):
    cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    return cursor.fetchone()[0]


def missing_privileges(cursor, user, database):
    """Yields the privileges of a schema's owner that the user lacks."""
    cursor.execute("SELECT current_schema()")
    (schema,) = cursor.fetchone()
    if schema is None:
        yield (
            f"{user} may use no schema of its search_path. To grant it, as the owner of the database: "
            f"GRANT USAGE, CREATE ON SCHEMA public TO {quoted(user)};"
        )
        return
    cursor.execute("SELECT has_schema_privilege(%s, 'CREATE')", [schema])
    if not cursor.fetchone()[0]:
        yield (
            f"{user} may not create tables in the schema {schema} of {database}, which PostgreSQL 15 and newer do not allow by default. "
            f"To grant it, as the owner of the database: GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {quoted(user)}; "
            f"or as a superuser: ALTER DATABASE {quoted(database)} OWNER TO {quoted(user)};"
        )
    cursor.execute(
        "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = %s"
        " AND tablename IN ('alembic_version', 'dag', 'celery_taskmeta') AND NOT pg_has_role(tableowner, 'USAGE')",
        [schema],
    )
    for table, owner in cursor.fetchall():
        yield (
            f"the table {table} belongs to {owner}, so {user} may not change it. "
            f"To make {user} a member of {owner}, as a superuser: GRANT {quoted(owner)} TO {quoted(user)};"
        )


def exceeded_limits(cursor, user, database, connections):
    """Yields the limits of the server, the role and the database that are below the number of connections."""
    cursor.execute(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        " - coalesce(current_setting('reserved_connections', true), '0')::int,"
        " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),"
        " (SELECT datconnlimit FROM pg_database WHERE datname = current_database())"
    )
    server_limit, role_limit, database_limit = cursor.fetchone()
    limits = [
        (server_limit, "the server's max_connections less its reserve", "raise max_connections on the server"),
        (role_limit, f"the limit of {user}", f"run ALTER ROLE {quoted(user)} CONNECTION LIMIT {connections}; as a superuser"),
        (database_limit, f"the limit of {database}", f"run ALTER DATABASE {quoted(database)} CONNECTION LIMIT {connections}; as its owner"),
    ]
    for limit, name, fix in limits:
        if 0 <= limit < connections:
            yield (
                f"the stack may open {connections} connections, but {name} is {limit}; expected "
                f"{connections} at least: {fix}, lower pool sizes in airflow:settings, or set airflow:pgbouncer."
            )
