"""Checks that a Postgres database has all that Airflow needs."""

import struct
import urllib.parse

import psycopg2
from check_network import Complaint, connect, handshake

OLDEST = 130000


def complaints(key, url, connections):
    """Returns the faults of a database; `connections` is the most that the stack may open to its server."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    user, database = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.path[1:])
    mode = query.get("sslmode", "prefer")
    place = f"{key}, tried as {user} at {parts.hostname}:{parts.port}/{database} with sslmode {mode}"
    try:
        reach(parts, mode, query.get("sslrootcert"))
        with open_database(url, user, database, parts) as session:
            found = list(faults(session.cursor(), user, database, connections))
    except Complaint as complaint:
        found = [str(complaint)]
    print(f"{place}: {'refused' if found else 'good'}", flush=True)
    return [f"{place}: {fault}" for fault in found]


def reach(parts, mode, ca):
    with connect(parts.hostname, parts.port) as connection:
        if mode in ("disable", "allow", "prefer"):
            return
        # Requests TLS: the length of the request, and a number that is no version.
        connection.sendall(struct.pack("!ii", 8, 80877103))
        if connection.recv(1) != b"S":
            raise Complaint(
                "the server does not speak TLS. Needed is ssl = on in its postgresql.conf, with a certificate; "
                "or, where the network is trusted, sslmode=disable in the URL."
            )
        handshake(connection, parts.hostname, ca, names=mode == "verify-full", verify=mode.startswith("verify")).close()


def open_database(url, user, database, parts):
    try:
        return psycopg2.connect(url, connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise Complaint(refusal(str(error).strip(), user, database, parts)) from error


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def refusal(said, user, database, parts):
    if "password authentication failed" in said or "no password supplied" in said:
        return (
            f"the server refuses the login of {user}: user or password is wrong. "
            f"Needed is the right password in the URL, or as a superuser: ALTER ROLE {quoted(user)} LOGIN PASSWORD '...';"
        )
    if "no pg_hba.conf entry" in said:
        return (
            f"the server lets {user} in from here in no way ({said.splitlines()[-1]}). Needed is a line in its pg_hba.conf: "
            f"hostssl {database} {user} ADDRESS/MASK scram-sha-256; with hostssl, TLS too: sslmode=require or a ca."
        )
    if f'database "{database}" does not exist' in said:
        return (
            f"there is no database {database}. Needed is, as a superuser: "
            f"CREATE DATABASE {quoted(database)} OWNER {quoted(user)} ENCODING 'UTF8' TEMPLATE template0;"
        )
    if "too many" in said or "remaining connection slots" in said:
        return (
            f"the server has no connection left ({said.splitlines()[-1]}). "
            "Needed is a higher max_connections, or fewer clients beside this stack."
        )
    return f"the server refuses the connection: {said}"


def faults(cursor, user, database, connections):
    cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
    number, version = cursor.fetchone()
    if number < OLDEST:
        yield f"the server is PostgreSQL {version}. Needed is 13 or newer."
        return
    cursor.execute("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
    (encoding,) = cursor.fetchone()
    if encoding != "UTF8":
        yield (
            f"the database is encoded in {encoding}. Needed is UTF8, which only a new database can have: "
            f"CREATE DATABASE {quoted(database)} OWNER {quoted(user)} ENCODING 'UTF8' TEMPLATE template0;"
        )
    cursor.execute("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool")
    if cursor.fetchone()[0]:
        yield "the database is read-only: a replica, or default_transaction_read_only is on. Needed is the primary."
    yield from lacking(cursor, user, database)
    yield from short(cursor, user, database, connections)
    cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    if not cursor.fetchone()[0]:
        print("WARNING the connection is not encrypted: give ca, or sslmode=require in the URL.", flush=True)


def lacking(cursor, user, database):
    """Returns the missing privileges, of those that the schema's owner has."""
    cursor.execute("SELECT current_schema()")
    (schema,) = cursor.fetchone()
    if schema is None:
        yield (
            f"{user} may use no schema of its search_path. Needed is, as the owner of the database: "
            f"GRANT USAGE, CREATE ON SCHEMA public TO {quoted(user)};"
        )
        return
    cursor.execute("SELECT has_schema_privilege(%s, 'CREATE')", [schema])
    if not cursor.fetchone()[0]:
        yield (
            f"{user} may not create tables in the schema {schema} of {database}, which since PostgreSQL 15 is granted to nobody. "
            f"Needed is, as the owner of the database: GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {quoted(user)}; "
            f"or as a superuser: ALTER DATABASE {quoted(database)} OWNER TO {quoted(user)};"
        )
    cursor.execute(
        "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = %s"
        " AND tablename IN ('alembic_version', 'dag', 'celery_taskmeta') AND NOT pg_has_role(tableowner, 'USAGE')",
        [schema],
    )
    for table, owner in cursor.fetchall():
        yield (
            f"the table {table} is there and belongs to {owner}, so {user} may not change it. "
            f"Needed is, as a superuser: GRANT {quoted(owner)} TO {quoted(user)};"
        )


def short(cursor, user, database, connections):
    """Returns a fault if the server has fewer connections than the stack may open."""
    cursor.execute(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        " - coalesce(current_setting('reserved_connections', true), '0')::int,"
        " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),"
        " (SELECT datconnlimit FROM pg_database WHERE datname = current_database())"
    )
    server, role, own = cursor.fetchone()
    limits = [
        (server, "the server's max_connections less its reserve", "a higher max_connections on the server"),
        (role, f"the limit of {user}", f"ALTER ROLE {quoted(user)} CONNECTION LIMIT {connections}; as a superuser"),
        (own, f"the limit of {database}", f"ALTER DATABASE {quoted(database)} CONNECTION LIMIT {connections}; as its owner"),
    ]
    for limit, name, fix in limits:
        if 0 <= limit < connections:
            yield (
                f"the stack may open {connections} connections, but {name} is {limit}. "
                f"Needed is {fix}, lower pool sizes in airflow:settings, or airflow:pgbouncer."
            )
