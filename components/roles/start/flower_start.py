"""usage: flower_start.py ARGUMENT...

Runs `airflow celery flower ARGUMENT...`, but keeps Airflow only until it has configured Celery: Flower needs nothing else of Airflow,
which takes 70 of 115 MiB. Flower stays in Airflow if a setting gives Airflow's log a form of its own.
"""

import logging
import os
import pickle
import sys

# Looks like Airflow's log.
FORMAT = {"fmt": "%(asctime)s [%(levelname)-8s] %(message)s [%(name)s]", "datefmt": "%Y-%m-%dT%H:%M:%S%z"}


def has_own_log(conf):
    return bool(conf.get("logging", "logging_config_class", fallback="")) or conf.getboolean("logging", "json_logs", fallback=False)


def note(app, options):
    """Returns a file in memory with all that Flower needs; a program that replaces this one can read it."""
    text = pickle.dumps((app.main, dict(app.conf), options, logging.getLogger().level))
    file = os.memfd_create("flower", 0)
    with open(file, "wb", closefd=False) as writer:
        writer.write(text)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def read(file):
    """Returns the Celery app, Flower's command line and the log's level of a note."""
    from celery import Celery

    with open(int(file), "rb") as reader:
        name, conf, options, level = pickle.load(reader)
    return Celery(name, config_source=conf), options, level


def start_without_airflow(file):
    # Keeps Flower's modules from importing this file's neighbours.
    del sys.path[0]
    app, options, level = read(file)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(**FORMAT))
    logging.basicConfig(handlers=[handler], level=level)
    app.start(options)


def start_with_airflow(*arguments):
    sys.argv = ["airflow", "celery", "flower", *arguments]
    import start  # noqa: F401, before Airflow

    # Keeps Airflow's modules from importing this file's neighbours.
    del sys.path[0]
    from airflow.__main__ import main
    from airflow.configuration import conf
    from celery import Celery

    go_on = Celery.start

    def replace(app, options):
        try:
            file = note(app, options)
        except (pickle.PicklingError, AttributeError, TypeError):
            # A stack's own configuration of Celery may have values that only Airflow's process can have.
            return go_on(app, options)
        os.execv(sys.executable, [sys.executable, __file__, "--noted", str(file)])

    if not has_own_log(conf):
        Celery.start = replace
    sys.exit(main())


if __name__ == "__main__":
    if sys.argv[1] == "--noted":
        start_without_airflow(sys.argv[2])
    else:
        start_with_airflow(*sys.argv[1:])
