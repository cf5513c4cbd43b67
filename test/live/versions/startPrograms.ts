/**
 * Celery's broker, the port and the log's level that Flower has, and whether it has Airflow; then whether Flower would replace the
 * process if Airflow's log had its own form.
 */
export const flowerAlone = `
import os, subprocess, sys, flower_start
from unittest import mock
os.environ["AIRFLOW__CELERY__BROKER_URL"] = "redis://noted:6379/0"
os.environ["AIRFLOW__CORE__EXECUTOR"] = "CeleryExecutor"
os.environ["_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK"] = "1"
look = """
import sys
sys.path.insert(0, "/programs")
import flower_start
app, options, level = flower_start.read(sys.argv[1])
print(app.conf.broker_url, options[-1], level, "airflow" in sys.modules)
"""
def replace(_, command):
    file = command[-1]
    ran = subprocess.run([sys.executable, "-c", look, file], pass_fds=[int(file)], stdout=subprocess.PIPE, text=True, check=True)
    sys.exit(ran.stdout.strip())
with mock.patch.object(os, "execv", replace):
    try:
        flower_start.start_with_airflow("--port", "5599")
    except SystemExit as end:
        answer = end.code
from airflow.configuration import conf
own = []
for option in ("logging_config_class", "json_logs"):
    os.environ["AIRFLOW__LOGGING__" + option.upper()] = "True"
    own.append(flower_start.has_own_log(conf))
    del os.environ["AIRFLOW__LOGGING__" + option.upper()]
print(answer, *own, flower_start.has_own_log(conf))
`.trim();

/** Whether a DAG processor has built Airflow's API, before and after a DAG file asks for a variable; then what the file gets. */
export const lateApi = `
import sys, start
from unittest import mock
from airflow.dag_processing.manager import DagFileProcessorManager
from airflow.sdk.api.client import Client
manager = DagFileProcessorManager(max_runs=1)
client = manager.client
built = ["fastapi" in sys.modules]
from airflow.models.variable import Variable
with mock.patch.object(Variable, "get_variable_from_secrets", lambda key, **_: key + " is known"):
    value = client.variables.get("v").value
built.append("fastapi" in sys.modules)
print(*built, value)
`.trim();

/**
 * What serves the logs of a worker or triggerer, whether the server is imported before and after a request, the answer to a request
 * without a token, and the number of the server's sockets that the role and a process of a task have.
 */
export const logServer = `
import os, sys, start, time, urllib.error, urllib.request
from airflow.cli.commands import triggerer_command
from airflow.providers.celery.cli import celery_command
command, port = (celery_command, 8793) if "worker" in sys.argv else (triggerer_command, 8794)
started = []
process = command.Process
command.Process = lambda *args, **named: started.append(process(*args, **named)) or started[-1]
def sockets():
    files = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return sum(os.path.islink(file) and os.readlink(file).startswith("socket:") for file in files)
with command._serve_logs():
    kind = type(started[0]).__mro__[1].__module__.split(".")[0]
    own = sockets()
    child = os.fork() or os._exit(sockets())
    forked = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    imported = ["uvicorn" in sys.modules]
    for attempt in range(100):
        try:
            answer = urllib.request.urlopen("http://localhost:%d/log/a" % port).status
        except urllib.error.HTTPError as error:
            answer = error.code
        except urllib.error.URLError:
            time.sleep(0.1)
            continue
        break
    imported.append("uvicorn" in sys.modules)
print(kind, *imported, answer, own, forked)
`.trim();
