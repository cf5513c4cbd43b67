/** What tasks share with their worker: whether two have one decoder, whether it decodes, modules that DAG files import, authorities. */
export const sharedImports = `
import socket, sys, shared
shared.share()
from airflow.sdk.execution_time import comms, task_runner
modules = [name for name in ("airflow.sdk.definitions.decorators", "airflow.dag_processing.bundles.local", "jinja2.ext") if name in sys.modules]
one, other = (comms.CommsDecoder(socket=end).body_decoder for end in socket.socketpair())
from airflow.sdk.api.client import Client
read = Client._get_ssl_context_cached.cache_info().currsize
Client(base_url="http://webserver:8080/execution/", token="")
read_again = Client._get_ssl_context_cached.cache_info().misses - read
built = comms.TypeAdapter.cache_info().misses
field = task_runner.TypeAdapter(task_runner.JsonValue).validate_python({"a": [1]})
built = comms.TypeAdapter.cache_info().misses - built
decoded = one.validate_python({"type": "VariableResult", "key": "k", "value": "v"}).value
print(one is other, decoded, len(modules), read, read_again, field, built)
`.trim();

/** Logging of a task as Airflow sets it up: whether it is the same when few loggers are visited, and whether these are few. */
export const taskLog = `
import json, logging, logging.config, os, shared
from airflow.providers.celery.cli import celery_command
from airflow.sdk.execution_time import supervisor

configure = logging.config.dictConfig

class Kept(logging.Handler):
    def emit(self, record):
        pass

mine = logging.getLogger("airflow.mine")
mine.setLevel(logging.DEBUG)
mine.addHandler(Kept())
below = logging.getLogger("airflow.mine.deep.below")
below.isEnabledFor(logging.DEBUG)
logging.getLogger("other.disabled").disabled = True
logging.getLogger("other.loud").addHandler(Kept())
logging.getLogger("quiet.usually")

def state(logger):
    handlers = [(type(handler).__name__, type(handler.formatter).__name__, handler.level) for handler in logger.handlers]
    return [logger.level, handlers, logger.propagate, logger.disabled, [logger.isEnabledFor(level) for level in (10, 20, 30)]]

def told(prepare):
    read, write = os.pipe()
    log_read, log_write = os.pipe()
    if os.fork() == 0:
        visited = []
        handle = logging.config._handle_existing_loggers
        logging.config._handle_existing_loggers = lambda existing, *rest: visited.append(len(existing)) or handle(existing, *rest)
        prepare()
        supervisor._configure_logs_over_json_channel(log_write)
        mine.warning("spoken %s", 1)
        below.debug("unspoken")
        assert logging.config.dictConfig is configure, "a DAG file sets up logging as ever"
        loggers = {name: state(one) for name, one in logging.root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
        line = json.loads(os.read(log_read, 65536))
        os.write(write, json.dumps([loggers | {"": state(logging.root)}, {key: line[key] for key in line if key != "timestamp"}, visited]).encode())
        os._exit(0)
    os.close(write)
    with open(read) as pipe:
        return json.load(pipe)

def louder():
    logging.root.setLevel(logging.DEBUG)
    logging.getLogger("quiet.usually").isEnabledFor(logging.DEBUG)

usual, few = told(lambda: None), told(shared.share_log)
usual_louder, few_louder = told(louder), told(lambda: [shared.share_log(), louder()])
print(few[:2] == usual[:2], few_louder[:2] == usual_louder[:2], few[1]["event"], few[2][0] * 4 < usual[2][0])
`.trim();

/** Heartbeats right after a start, and once their interval has passed. */
export const firstHeartbeat = `
from datetime import datetime, timezone
from types import SimpleNamespace
from unittest.mock import MagicMock
from airflow_on_celery import supervisor
from airflow.sdk.execution_time.supervisor import ActivitySubprocess, MIN_HEARTBEAT_INTERVAL
supervisor.install()
task = object.__new__(ActivitySubprocess)
context = SimpleNamespace(should_retry=False, start_date=datetime.now(timezone.utc))
for name, value in {
    "id": "ti", "pid": 7, "client": MagicMock(), "stdin": MagicMock(), "_process": MagicMock(), "_terminal_state": None,
    "_last_heartbeat_attempt": 0,
}.items():
    object.__setattr__(task, name, value)
task.client.task_instances.start.return_value = context
ActivitySubprocess.send_msg = lambda *_, **__: None
task._on_child_started(ti=SimpleNamespace(id="ti"), dag_rel_path="dag.py", bundle_info=None, sentry_integration="")
counts = []
for passed in (0, MIN_HEARTBEAT_INTERVAL):
    task._last_heartbeat_attempt -= passed
    task._send_heartbeat_if_needed()
    counts.append(task.client.task_instances.heartbeat.call_count)
print(*counts)
`.trim();

/** What removes a worker's old versions of DAGs, and what serves its logs; how often such a thread begins that fails once. */
export const cleaner = `
import os, start
from airflow.providers.celery.cli import celery_command
mains = celery_command._bundle_cleanup_main, os.getpid
kinds = [type(celery_command.Process(target=main, args=())).__mro__[1].__module__.split(".")[0] for main in mains]
begun = []
def fail_once():
    begun.append(1)
    if len(begun) == 1:
        raise OSError("a version is gone")
thread = start.Thread(fail_once)
thread.start()
thread.join(10)
print(*kinds, len(begun))
`.trim();

/** Steps in which a process makes the tables of results in Postgres, at two looks; then whether Celery's own way follows an error. */
export const resultsTables = `
import results
from unittest.mock import MagicMock
from celery.backends.database.session import ResultModelBase, SessionManager
from sqlalchemy.exc import DatabaseError
steps = []
ResultModelBase.metadata.create_all = lambda bind: steps.append("connection" if bind is connection else "engine")
engine = MagicMock()
engine.dialect.name = "postgresql"
connection = engine.begin.return_value.__enter__.return_value
connection.execute.side_effect = lambda statement: steps.append(str(statement).split("(")[0])
engine.begin.return_value.__exit__.return_value = False
manager = SessionManager()
manager.prepare_models(engine)
manager.prepare_models(engine)
engine.begin.side_effect = DatabaseError("", {}, None)
SessionManager().prepare_models(engine)
print(*steps, manager.prepared)
`.trim();

/**
 * Processes of a worker's pool of three that are replaced after two tasks: at once; when the worker has had nothing to do for a while; soon
 * after two more tasks. Then how many of thirty tasks are done that come while a process is asked to end.
 */
export const renewals = `
import os, pool, signal, time
signal.alarm(120)
from celery import Celery
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool
from kombu.asynchronous import Hub, set_event_loop
class Reached(BaseException):
    pass
def turn(condition):
    def look():
        if condition():
            raise Reached
    hub.on_tick.add(look)
    try:
        hub.run_forever()
    except Reached:
        hub.on_tick.remove(look)
        set_event_loop(hub)
pool.install()
# Leaves the ends of processes as the only reason to look at the pool.
AsynPool.timers = {}
app = Celery("test", broker="memory://")
app.set_current()
hub = Hub()
set_event_loop(hub)
hub.call_repeatedly(0.05, lambda: None)
tasks = TaskPool(limit=3, app=app, threads=False, initargs=(app, "worker"))
tasks.start()
tasks.register_with_event_loop(hub)
processes = tasks._pool
are_up = lambda: len(processes._all_inqueues) == 3
pids = lambda: {process.pid for process in processes._pool}
turn(are_up)
done = []
def work(count):
    for _ in range(count):
        processes.apply_async(os.getpid, callback=done.append)
    turn(lambda: not processes._cache)
def replaced(settled):
    before = pids()
    work(2)
    tasks.maintain_pool()
    turn(lambda: are_up() and settled(before))
    return len(before - pids())
at_once = replaced(lambda _: True)
pool.QUIET = 0
later = replaced(lambda before: not before & pids())
soon = replaced(lambda _: True)
pool.PAUSE = 0
ending, end = [], pool.Renewal.end
def slowly(renewal, processes):
    ending.append(renewal.ending.pid)
    os.kill(renewal.ending.pid, signal.SIGSTOP)
    end(renewal, processes)
done.clear()
for _ in range(10):
    pool.Renewal.end = slowly
    tasks.maintain_pool()
    pool.Renewal.end = end
    work(3)
    while ending:
        os.kill(ending.pop(), signal.SIGCONT)
    turn(are_up)
# A task that the pool has forgotten keeps its process, and thereby all.
processes._busy_workers.add(-1)
pool.Renewal.end = lambda *_: print("asked", end=" ")
pool.QUIET = 0.2
work(3)
for _ in range(2):
    tasks.maintain_pool()
    time.sleep(0.4)
print(at_once, later, soon, len(done) - 3, flush=True)
os._exit(0)
`.trim();
