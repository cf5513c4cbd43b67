"""usage: migrate.py ADMIN_USER ADMIN_PASSWORD_FILE [--reencrypt]

Migrates the schema, synchronises permissions, creates the administrator unless a user has this name, and sets the password if
the stack has replaced it since the last run (ADMIN_PASSWORD_REPLACED is the number of replacements). --reencrypt re-encrypts values
of older fernet keys with the current one. Runs Airflow's commands in one process, since each start of Airflow takes seconds. Safe
to repeat.
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
            f"The database has the schema of a newer Airflow than {__version__} ({error}), and a schema cannot be downgraded. "
            "Set airflow:version to the version that migrated the database, or restore a backup from before that migration."
        )


def set_replaced_password(admin, option, replacements):
    """Sets the administrator's password once per replacement, so that a password chosen later in the web interface stays.

    :param option: the command's option with the password
    :param replacements: number of replacements by the stack, as text
    """
    with settings.engine.begin() as database:
        database.execute(
            text("CREATE TABLE IF NOT EXISTS deployment_mark (name varchar(200) PRIMARY KEY, value varchar(200) NOT NULL)")
        )
        mark = {"name": f"password of {admin}"}
        applied = database.execute(text("SELECT value FROM deployment_mark WHERE name = :name"), mark).scalar() or "0"
    if applied == replacements:
        return
    airflow("users", "reset-password", f"--username={admin}", option)
    with settings.engine.begin() as database:
        database.execute(
            text(
                "INSERT INTO deployment_mark VALUES (:name, :value)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            mark | {"value": replacements},
        )


admin, password_file, *flags = sys.argv[1:]
password = pathlib.Path(password_file).read_text()
names = [f"--username={admin}", f"--firstname={admin}", "--lastname=Administrator", f"--email={admin if '@' in admin else f'{admin}@localhost'}"]
# Joins option and password, since a password that begins with a dash would count as an option.
password_option = f"--password={password}"

migrate()
# Creates the roles, which a new database of Airflow 2 lacks.
airflow("sync-perm")
airflow("users", "create", "--role=Admin", *names, password_option)
set_replaced_password(admin, password_option, os.environ["ADMIN_PASSWORD_REPLACED"])
if "--reencrypt" in flags:
    airflow("rotate-fernet-key")
