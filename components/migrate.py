"""usage: migrate.py ADMIN_USER ADMIN_PASSWORD_FILE

Migrates the schema, creates the administrator unless there is one of that name, and synchronises permissions. One
process for Airflow's own commands, because each start of Airflow costs seconds; safe to run again.
"""

import pathlib
import sys

from airflow.cli.cli_parser import get_parser


def airflow(*arguments):
    print("airflow", *arguments[:2], flush=True)
    args = get_parser().parse_args(arguments)
    args.func(args)


admin, password_file = sys.argv[1:]
password = pathlib.Path(password_file).read_text()
name = ["--username", admin, "--firstname", admin, "--lastname", "Administrator", "--email", f"{admin}@localhost"]

airflow("db", "migrate")
airflow("users", "create", "--role", "Admin", *name, "--password", password)
airflow("sync-perm")
