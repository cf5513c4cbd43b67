/** Prints the outcome of a search in Airflow: a value, or the name of the error. */
const outcome = `
import os
def outcome(search, *args, **named):
    try:
        return search(*args, **named)
    except Exception as error:
        return type(error).__name__
`.trim();

/**
 * Outcomes of a search for a connection and for a variable with a default, in a role that reads the database: of some that are there, of
 * some that are not, and without the database's tables.
 */
export const unreadable = `
${outcome}
os.environ |= {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db", "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL"}
import absence
from airflow import settings
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.utils.session import create_session
known = Connection.metadata.tables
tables = [known[name] for name in ("team", "connection", "variable") if name in known]
for table in tables:
    table.create(settings.engine)
with create_session() as session:
    session.add_all([Connection(conn_id="there", conn_type="http"), Variable(key="there", val="value")])

def looks(name):
    connection = outcome(Connection.get_connection_from_secrets, name)
    return getattr(connection, "conn_id", connection), outcome(Variable.get, name, default_var="default")

there, missing = looks("there"), looks("missing")
for table in reversed(tables):
    table.drop(settings.engine)
print(*there, *missing, *looks("there"))
`.trim();

/** Outcomes of a task's search for a variable with a default, and for a connection, twice: of one that is not there, and after a fault of the webserver. */
export const unanswered = `
${outcome}
import answers, asyncio
from airflow.sdk import Connection, Variable
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import comms, task_runner
kind = None
def send(self, msg):
    answer = comms.ErrorResponse(error=kind)
    if kind == ErrorType.API_SERVER_ERROR:
        raise AirflowRuntimeError(answer)
    return answer
async def asend(self, msg):
    return send(self, msg)
comms.CommsDecoder.send, comms.CommsDecoder.asend = send, asend
answers.install()
task_runner.SUPERVISOR_COMMS = object.__new__(comms.CommsDecoder)
found = []
for kind in (ErrorType.VARIABLE_NOT_FOUND, ErrorType.API_SERVER_ERROR):
    found.append(outcome(Variable.get, "v", default="default"))
for kind in (ErrorType.CONNECTION_NOT_FOUND, ErrorType.API_SERVER_ERROR):
    found.append(outcome(Connection.get, "c"))
    found.append(outcome(lambda: asyncio.run(Connection.async_get("c"))))
print(*found)
`.trim();
