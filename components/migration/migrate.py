"""usage: migrate.py ADMIN_USER ADMIN_PASSWORD_FILE [--reencrypt]

Migrates the schema, synchronises permissions, creates the administrator unless there is one of that name, and sets the
password if the stack has replaced it (ADMIN_PASSWORD_REPLACED: how often). With --reencrypt, what was encrypted with
an older fernet key gets the first one. One process for Airflow's own commands, because each start of Airflow costs
seconds; safe to run again.
"""

import os
import pathlib
import sys

import start  # noqa: F401, before Airflow
from airflow import __version__, settings
from airflow.cli.cli_parser import get_parser
from alembic.util.exc import CommandError
from sqlalchemy import text


def airflow(*arguments):
    print("airflow", *arguments[:2], flush=True)
    args = get_parser().parse_args(arguments)
    args.func(args)


def migrate():
    try:
        airflow("db", "migrate")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        sys.exit(
            f"The database has the schema of a newer Airflow than {__version__} ({error}). It cannot go back: "
            "set version to what it was migrated by, or put back a backup from before."
        )


def password_replaced(admin, secret, times):
    """Sets the password once for each replacement: a password that a person has chosen since then stays."""
    with settings.engine.begin() as database:
        database.execute(
            text("CREATE TABLE IF NOT EXISTS deployment_mark (name varchar(200) PRIMARY KEY, value varchar(200) NOT NULL)")
        )
        mark = {"name": f"password of {admin}"}
        known = database.execute(text("SELECT value FROM deployment_mark WHERE name = :name"), mark).scalar() or "0"
    if known == times:
        return
    airflow("users", "reset-password", f"--username={admin}", secret)
    with settings.engine.begin() as database:
        database.execute(
            text(
                "INSERT INTO deployment_mark VALUES (:name, :value)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            mark | {"value": times},
        )


admin, password_file, *flags = sys.argv[1:]
password = pathlib.Path(password_file).read_text()
person = [f"--username={admin}", f"--firstname={admin}", "--lastname=Administrator", f"--email={admin if '@' in admin else f'{admin}@localhost'}"]
# Option and password in one word: one of 64 minted passwords begins with a dash.
secret = f"--password={password}"

migrate()
# Makes the roles, too: an Airflow 2 database has none before.
airflow("sync-perm")
airflow("users", "create", "--role=Admin", *person, secret)
password_replaced(admin, secret, os.environ["ADMIN_PASSWORD_REPLACED"])
if "--reencrypt" in flags:
    airflow("rotate-fernet-key")
