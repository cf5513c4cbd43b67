"""Tells a connection or variable that a task could not ask for from one that is not there.

A task asks the webserver, by its supervisor, which asks again for minutes. Airflow takes every fault after these for an absence: the task
went on with a variable's default. Here the task fails, and its next try asks again.
"""

import functools
from contextlib import contextmanager

from celery import signals


@signals.worker_init.connect
def install(**_):
    from airflow.sdk.exceptions import AirflowRuntimeError, AirflowSecretsBackendAccessDenied, ErrorType
    from airflow.sdk.execution_time.comms import CommsDecoder, GetConnection, GetVariable

    class Unanswered(AirflowSecretsBackendAccessDenied):
        """The webserver has not answered. Airflow passes on no other fault of a search than a refused access."""

    @contextmanager
    def heard(msg):
        """Raises another error where a fault kept the webserver from telling a connection or a variable."""
        try:
            yield
        except AirflowRuntimeError as error:
            if error.error.error != ErrorType.API_SERVER_ERROR or not isinstance(msg, (GetConnection, GetVariable)):
                raise
            wanted = f"connection {msg.conn_id}" if isinstance(msg, GetConnection) else f"variable {msg.key}"
            raise Unanswered(f"the webserver could not tell the {wanted}: {error.error.detail}") from error

    def telling(send):
        @functools.wraps(send)
        def sending(self, msg):
            with heard(msg):
                return send(self, msg)

        return sending

    def telling_later(send):
        @functools.wraps(send)
        async def sending(self, msg):
            with heard(msg):
                return await send(self, msg)

        return sending

    CommsDecoder.send = telling(CommsDecoder.send)
    CommsDecoder.asend = telling_later(CommsDecoder.asend)
