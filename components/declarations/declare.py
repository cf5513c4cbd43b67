"""usage: declare.py FILE

Makes connections, variables, pools and users of Airflow what FILE says, and deletes what it says; tells what it changed.
Safe to run again.
"""

import json
import pathlib
import sys

import start  # noqa: F401, before Airflow
from airflow.models import Connection, Pool, Variable
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.session import create_session
from sqlalchemy import select
from werkzeug.security import check_password_hash


def told(kind, name, what):
    print(f"{kind}.{name}: {what}", flush=True)


def set_all(row, values):
    """Sets values; true if one of them was different."""
    changed = [key for key, value in values.items() if getattr(row, key) != value]
    for key in changed:
        setattr(row, key, values[key])
    return bool(changed)


def apply(session, kind, names, model, key, update):
    for name, wanted in names.items():
        row = session.scalar(select(model).where(key == name))
        if row is None:
            row = model(**{key.key: name})
            session.add(row)
            update(row, wanted)
            told(kind, name, "created")
        elif update(row, wanted):
            told(kind, name, "updated")


def connection(row, wanted):
    fields = ["conn_type", "description", "host", "login", "password", "schema", "port", "extra"]
    other = Connection(conn_id=row.conn_id, **wanted)
    return set_all(row, {field: getattr(other, field) for field in fields})


def variable(row, wanted):
    changed = row.get_val() != wanted
    if changed:
        row.set_val(wanted)
    return changed


def declare(wanted, unwanted, session):
    apply(session, "connections", wanted["connections"], Connection, Connection.conn_id, connection)
    apply(session, "variables", wanted["variables"], Variable, Variable.key, variable)
    apply(session, "pools", wanted["pools"], Pool, Pool.pool, set_all)
    keys = {"connections": Connection.conn_id, "variables": Variable.key, "pools": Pool.pool}
    for kind, key in keys.items():
        for name in unwanted[kind]:
            row = session.scalar(select(key.class_).where(key == name))
            if row is not None:
                session.delete(row)
                told(kind, name, "deleted")


def user(manager, name, wanted):
    role = manager.find_role(wanted["role"])
    names = {key: wanted[key] for key in ("first_name", "last_name", "email")}
    known = manager.find_user(name)
    if known is None:
        if not manager.add_user(name, **names, role=role, password=wanted["password"]):
            sys.exit(f"users.{name} could not be made: is {wanted['email']} the address of another user?")
        return told("users", name, "created")
    changed = set_all(known, names | {"roles": [role]})
    if changed:
        manager.update_user(known)
    if not check_password_hash(known.password, wanted["password"]):
        manager.reset_password(known.id, wanted["password"])
        changed = True
    if changed:
        told("users", name, "updated")


def users(wanted, unwanted):
    with get_application_builder() as builder:
        for name, properties in wanted.items():
            user(builder.sm, name, properties)
        for name in unwanted:
            known = builder.sm.find_user(name)
            if known is not None:
                known.roles.clear()
                builder.sm.del_register_user(known)
                told("users", name, "deleted")


content = json.loads(pathlib.Path(sys.argv[1]).read_text())
with create_session() as session:
    declare(content["declared"], content["deleted"], session)
if content["declared"]["users"] or content["deleted"]["users"]:
    users(content["declared"]["users"], content["deleted"]["users"])
