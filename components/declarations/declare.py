"""usage: declare.py FILE

Creates, updates and deletes connections, variables, pools and users of Airflow by FILE, which is JSON: {"declared": ..., "deleted":
...}. Prints a line for each change. Safe to repeat: what it has deleted, and somebody has made again, stays.
"""

import hashlib
import json
import pathlib
import sys

import start  # noqa: F401, before Airflow
from airflow.models import Connection, Pool, Variable
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.security_manager import override
from airflow.utils.session import create_session
from sqlalchemy import select, text
from werkzeug.security import check_password_hash

# Errors of a user that was not added; in Airflow 2 there are none, and no user is returned.
NOT_ADDED = getattr(override, "FabException", ())


def report(kind, name, change):
    print(f"{kind}.{name}: {change}", flush=True)


def set_fields(row, values):
    """Sets fields of a row; returns true if one of them changed."""
    changed = [key for key, value in values.items() if getattr(row, key) != value]
    for key in changed:
        setattr(row, key, values[key])
    return bool(changed)


class Marks:
    """Notes in the database of the names that were deleted, in the table of migrate.py; a restored database has those of its time."""

    def __init__(self, session):
        self.session = session

    def run(self, statement, kind, name):
        # A name may be longer than the column.
        mark = hashlib.sha256(f"{kind}.{name}".encode()).hexdigest()
        return self.session.execute(text(statement), {"mark": f"deleted {mark}"})

    def has(self, kind, name):
        return self.run("SELECT 1 FROM deployment_mark WHERE name = :mark", kind, name).scalar() is not None

    def add(self, kind, name):
        self.run("INSERT INTO deployment_mark VALUES (:mark, '1')", kind, name)

    def remove(self, kind, names):
        for name in names:
            self.run("DELETE FROM deployment_mark WHERE name = :mark", kind, name)


def apply(session, kind, entries, model, key, update):
    """Creates or updates rows.

    :param entries: declared properties, by name
    :param update: writes the properties to a row, and returns true if the row changed
    """
    for name, declared in entries.items():
        row = session.scalar(select(model).where(key == name))
        if row is None:
            row = model(**{key.key: name})
            session.add(row)
            update(row, declared)
            report(kind, name, "created")
        elif update(row, declared):
            report(kind, name, "updated")


def update_connection(row, declared):
    fields = ["conn_type", "description", "host", "login", "schema", "port", "extra"]
    new = Connection(conn_id=row.conn_id, **declared)
    changed = set_fields(row, {field: getattr(new, field) for field in fields})
    if (row.password or None) == (new.password or None):
        return changed
    if new.password:
        row.password = new.password
    else:
        # The attribute `password` ignores an empty value.
        row._password, row.is_encrypted = None, False
    return True


def update_variable(row, declared):
    changed = row.get_val() != declared
    if changed:
        row.set_val(declared)
    return changed


def declare(declared, deleted, session):
    apply(session, "connections", declared["connections"], Connection, Connection.conn_id, update_connection)
    apply(session, "variables", declared["variables"], Variable, Variable.key, update_variable)
    apply(session, "pools", declared["pools"], Pool, Pool.pool, set_fields)
    keys = {"connections": Connection.conn_id, "variables": Variable.key, "pools": Pool.pool}
    marks = Marks(session)
    for kind, key in keys.items():
        marks.remove(kind, declared[kind])
        for name in deleted[kind]:
            if marks.has(kind, name):
                continue
            row = session.scalar(select(key.class_).where(key == name))
            if row is not None:
                session.delete(row)
                report(kind, name, "deleted")
            marks.add(kind, name)


def declare_user(manager, name, declared, was_deleted):
    """Creates or updates a user.

    :param was_deleted: true if this program has deleted the user, or only deactivated them
    """
    role = manager.find_role(declared["role"])
    names = {key: declared[key] for key in ("first_name", "last_name", "email")}
    user = manager.find_user(name)
    if user is None:
        try:
            added = manager.add_user(name, **names, role=role, password=declared["password"])
        except NOT_ADDED:
            added = None
        if not added:
            sys.exit(f"users.{name} was not created, see above; expected an email that no other user has, given {declared['email']}.")
        return report("users", name, "created")
    changed = set_fields(user, names | {"roles": [role]} | ({"active": True} if was_deleted else {}))
    if changed:
        check_done(manager.update_user(user), name, f"expected an email that no other user has, given {declared['email']}")
    if not user.password or not check_password_hash(user.password, declared["password"]):
        check_done(manager.reset_password(user.id, declared["password"]), name, "expected a new password")
        changed = True
    if changed:
        report("users", name, "updated")


def check_done(done, name, expected):
    # Airflow's functions log an error, and return false.
    if done is False:
        sys.exit(f"users.{name} was not changed, see above; {expected}.")


def delete_user(manager, name):
    user = manager.find_user(name)
    if user is None:
        return
    user.roles.clear()
    if manager.del_register_user(user) is not False:
        return report("users", name, "deleted")
    # Notes that a person wrote in Airflow 2 keep the user.
    user = manager.find_user(name)
    user.roles.clear()
    user.active = False
    check_done(manager.update_user(user), name, "expected a user that can be deleted, or deactivated")
    report("users", name, "deactivated, since other rows need the user")


def declare_users(declared, deleted):
    with get_application_builder() as builder, create_session() as session:
        marks = Marks(session)
        for name, properties in declared.items():
            declare_user(builder.sm, name, properties, marks.has("users", name))
        marks.remove("users", declared)
        for name in [name for name in deleted if not marks.has("users", name)]:
            delete_user(builder.sm, name)
            marks.add("users", name)


content = json.loads(pathlib.Path(sys.argv[1]).read_text())
with create_session() as session:
    declare(content["declared"], content["deleted"], session)
if content["declared"]["users"] or content["deleted"]["users"]:
    declare_users(content["declared"]["users"], content["deleted"]["users"])
