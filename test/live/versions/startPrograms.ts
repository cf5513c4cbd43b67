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

/**
 * Interval of a DAG processor in seconds with two files of 0.1 s, then of 20 s, and the files that it would read again 100 s after it
 * read them: with Airflow's own interval; unchanged; one changed that keeps its time; another file changed beside them.
 */
export const rereading = `
import os, pathlib, tempfile, parsing
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from airflow.dag_processing import manager as module
folder = pathlib.Path(tempfile.mkdtemp())
for name in ("a.py", "b.py", "lib.txt"):
    (folder / name).write_text("1")
    os.utime(folder / name, (0, 0))
files = [module.DagFileInfo(rel_path=pathlib.Path(name), bundle_name="dags", bundle_path=folder) for name in ("a.py", "b.py")]
manager = module.DagFileProcessorManager(max_runs=-1)
clock = SimpleNamespace(monotonic=iter(range(0, 1000, 40)).__next__)
def again(seconds):
    ago = datetime.now(timezone.utc) - timedelta(seconds=100)
    for file in files:
        manager._file_stats[file] = module.DagFileStat(last_finish_time=ago, last_duration=seconds, run_count=1)
    manager._file_queue.clear()
    manager.prepare_file_queue(known_files={"dags": set(files)})
    return "+".join(sorted(str(file.rel_path) for file in manager._file_queue)) or "none"
told = [again(20)]
with parsing.installed(module):
    pass
parsing.time = clock
again(0.1)
told += [manager._file_process_interval, again(20), manager._file_process_interval]
(folder / "a.py").write_text("22")
os.utime(folder / "a.py", (0, 0))
told.append(again(20))
(folder / "lib.txt").write_text("22")
told.append(again(20))
print(*told)
`.trim();
