"""Imports and builds in a worker, before its processes fork, what each of them and each of their tasks would import and build again.

A process would import Airflow's models at its first result (9 MiB, and 0.2 s of CPU time). Without the rest, a task that does nothing
takes nearly twice as much CPU time of its own, a third of it for copies of memory that it shares with the worker.
"""

import functools
import logging
import logging.config
from contextlib import suppress

from celery import signals


def is_plain(logger):
    """Returns true for a placeholder, and for a logger that a configuration of others leaves as it is."""
    return not isinstance(logger, logging.Logger) or (
        logger.level == logging.NOTSET and not logger.handlers and logger.propagate and not logger.disabled
    )


def share_log():
    """Lets a task set up its log without touching, and so copying, each logger of the worker: a quarter of all pages that it copies."""
    manager = logging.root.manager
    everything = manager.loggerDict
    configure = logging.config.dictConfig
    level_of, lock = logging._checkLevel, logging._lock
    # Loggers that a configuration may change, each with those that inherit from it.
    odd = {
        name: [other for other in everything if f"{other}.".startswith(f"{name}.")]
        for name, logger in everything.items()
        if not is_plain(logger)
    }

    def keeps_levels(config):
        """Returns true if no level changes: each logger remembers what follows from the levels above it."""
        levels = {**config.get("loggers", {}), None: config.get("root", {})}
        return all(
            (name is None or name in everything) and logging.getLogger(name).level == level_of(section.get("level", -1))
            for name, section in levels.items()
        )

    @functools.wraps(configure)
    def configure_few(config):
        # Leaves later calls, those of DAG files, as they are.
        logging.config.dictConfig = configure
        if config.get("incremental") or config.get("disable_existing_loggers", True) or not keeps_levels(config):
            return configure(config)
        named = config.get("loggers", {})
        changed = [others for name, others in odd.items() if everything[name].disabled or name.startswith(tuple(f"{one}." for one in named))]
        names = {*named, *(name for others in changed for name in others)}
        with lock:
            manager.loggerDict = {name: everything[name] for name in names}
            try:
                configure(config)
            finally:
                manager.loggerDict = everything

    logging.config.dictConfig = configure_few


def share_task_runner():
    """Imports what DAG files import, and builds what tasks and their supervisors need."""
    import msgspec
    from airflow import sdk
    from airflow.dag_processing.bundles import local  # noqa: F401
    from airflow.providers.standard.decorators import python  # noqa: F401
    from airflow.sdk.api import client
    from airflow.sdk.execution_time import comms, task_runner

    for name in sdk.__all__:
        getattr(sdk, name, None)
    comms.TypeAdapter = task_runner.TypeAdapter = functools.cache(comms.TypeAdapter)
    comms.TypeAdapter(comms.ToTask)
    # Checks each rendered field of a task.
    task_runner.TypeAdapter(task_runner.JsonValue)
    msgspec.msgpack.Decoder(comms._ResponseFrame)
    # Reads the system's authorities, as each process would at its first task, even without TLS (24 ms of CPU time).
    client.Client._get_ssl_context_cached(client.API_SSL_CA_FILE_PATH, client.API_SSL_CERT_PATH)


def share_dag():
    """Declares a DAG that nobody gets, since a first one fills caches and imports what renders templates."""
    from airflow import sdk

    def nothing():
        pass

    with sdk.DAG("nothing") as dag:
        sdk.task(nothing)()
    dag.get_template_env()


@signals.worker_init.connect
def share(**_):
    from airflow.models import import_all_models

    import_all_models()
    # Airflow 2 has no task runner; a test of the image reports a release that builds it differently.
    with suppress(ImportError, AttributeError):
        share_task_runner()
        share_dag()
        share_log()
