"""Tells a connection or variable that cannot be read from one that is not there, in roles that read the database.

Airflow looks for both in several places and goes on when one fails, the database included, so a database that did not answer had no
connections and no variables: a task failed for a connection that was not defined, or went on with a variable's default. Here the
database's fault is raised, if nothing was found. A task asks the webserver again after a fault, for minutes.
"""

import functools
import threading

from airflow.exceptions import AirflowNotFoundException
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.secrets.metastore import MetastoreBackend
from sqlalchemy.exc import SQLAlchemyError

faults = threading.local()


def noting(read):
    """Notes a fault of the database for the search that it is a part of."""

    @functools.wraps(read)
    def reading(*args, **named):
        try:
            return read(*args, **named)
        except SQLAlchemyError as fault:
            faults.last = fault
            raise

    return reading


def telling(search):
    """Raises a fault of the database that a search in several places has passed over, unless another place had what it looked for."""

    @functools.wraps(search)
    def searching(*args, **named):
        faults.last = None
        try:
            found = search(*args, **named)
        except AirflowNotFoundException:
            if faults.last is None:
                raise
            found = None
        if found is None and faults.last is not None:
            raise faults.last
        return found

    return searching


MetastoreBackend.get_connection = noting(MetastoreBackend.get_connection)
MetastoreBackend.get_variable = noting(MetastoreBackend.get_variable)
Connection.get_connection_from_secrets = staticmethod(telling(Connection.get_connection_from_secrets))
Variable.get_variable_from_secrets = staticmethod(telling(Variable.get_variable_from_secrets))
