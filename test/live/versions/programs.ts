/** Python programs that run in the images, each with what it prints. */

/**
 * Modules that are imported although a start with these arguments spares them; the death signal of a pool's process before and after
 * cffi is imported; a task's source without its decorator, which takes `libcst`; true if the revision that the quick check of the schema
 * takes for the newest is.
 */
export const spared = `
import sys, start
from importlib import import_module
from unittest.mock import MagicMock
import airflow
from airflow.utils import db
major = int(airflow.__version__.split(".")[0])
decorators = import_module("airflow.sdk.definitions._internal.decorators" if major > 2 else "airflow.utils.decorators")
if "worker" in sys.argv:
    import celery.bin.celery
db.settings = MagicMock()
connection = db.settings.engine.connect.return_value.__enter__.return_value
newest = list(db._REVISION_HEADS_MAP.values())[-1]
connection.execute.return_value.scalars.return_value = [newest]
db.check_and_run_migrations()
import httpx
if major > 2:
    import structlog
spared = ["alembic", "cffi", "click_repl", "flask", "flower", "libcst", "pygments", "rich"]
imported = [name for name in spared if name in sys.modules]
from billiard import util
signals = []
for signal in (9, 15):
    util.set_pdeathsig(signal)
    signals.append(util.get_pdeathsig())
    import cffi
import rich.console
text = decorators.remove_task_decorator("@task.python\\ndef f(): pass\\n", "@task.python")
from alembic.script import ScriptDirectory
from alembic.config import Config
folder = import_module("airflow.migrations").__path__[0]
config = Config()
config.set_main_option("script_location", folder)
print(imported, signals, repr(text), ScriptDirectory.from_config(config).get_heads() == [newest])
`.trim();

/** Calls of the stack's sleep in a loop of Airflow's scheduler, the counts that its two queries read, and the pauses in a loop. */
export const idleLoop = `
import idle, inspect
from sqlalchemy.dialects import postgresql
idle.install()
from airflow.executors.base_executor import BaseExecutor
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner, time
calls = inspect.getsource(SchedulerJobRunner._run_scheduler_loop).count("time.sleep(")
looks = [str(query.compile(dialect=postgresql.dialect())).count("count(") for query in (idle.COUNTS, idle.QUEUED)]
print(calls, time.sleep.__qualname__, *looks, inspect.getsource(BaseExecutor.heartbeat).count("self.sync()"))
`.trim();

/** Number of times that a task may wait in the queue for as long as its token is valid, before the scheduler fails it. */
export const waits = `
import os
os.environ["AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES"] = "1000000"
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
print(SchedulerJobRunner(job=Job())._num_stuck_queued_retries)
`.trim();

/**
 * True if a wait for the database was noted at each rollback but the first, which the first connection makes. Then the attempts at a
 * connection while a server does not answer for two timeouts, and with one that refuses.
 */
export const rollbacks = `
import job, sqlite3, time
from sqlalchemy import create_engine, text
from sqlalchemy.pool import QueuePool
job.Waiting.run = lambda self: time.sleep(60)
engine, noted = create_engine("sqlite://"), []
engine.dialect.do_rollback = lambda connection: noted.append(bool(job.waiting.since))
with engine.connect() as connection:
    begun = connection.begin()
    connection.execute(text("select 1"))
    begun.rollback()
with engine.connect() as connection:
    connection.execute(text("select 1"))

def attempts(*errors):
    made, left = [], list(errors)
    def create():
        made.append(True)
        if left:
            raise sqlite3.OperationalError(left.pop(0))
        return sqlite3.connect(":memory:")
    try:
        create_engine("sqlite://", creator=create, poolclass=QueuePool).connect().close()
    except Exception:
        made.append("raised")
    return len(made)

silent = 'connection to server at "postgres", port 5432 failed: timeout expired'
print(len(noted) > 2, all(noted[1:]), attempts(silent, silent), attempts("Connection refused"), job.waiting.since)
`.trim();

/** Heartbeats of a job at the first look of its loop, by Airflow and here, and at the second look. */
export const firstBeat = `
contexts = {}
import job
from types import SimpleNamespace
from airflow.jobs import job as jobs
from airflow.utils import timezone
beats = []
def look(one):
    jobs.perform_heartbeat(one, heartbeat_callback=None, only_if_necessary=True)
    return len(beats)
def new():
    return SimpleNamespace(id=1, heartrate=5, latest_heartbeat=timezone.utcnow(), heartbeat=lambda **_: beats.append(True))
told = [look(new())]
with contexts["airflow.jobs.job"](jobs):
    pass
one = new()
told.append(look(one))
one.latest_heartbeat = timezone.utcnow()
print(*told, look(one))
`.trim();

/**
 * Queues of triggers after a look of the stack's triggerer, beside groups' triggerers that read the queue "read": of a queue that nobody
 * reads without a triggerer, with a living one, one that is silent, and one that has ended; of the read queue; without a queue. True if
 * Airflow's triggerer makes such looks.
 */
export const stranded = `
import inspect, os
from types import ModuleType
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "sqlite:////tmp/airflow.db"
sys.modules["airflow_on_celery.served"] = ModuleType("served")
sys.modules["airflow_on_celery.served"].SERVED = ["read"]
import stranded
from datetime import timedelta
from airflow import settings
from airflow.jobs.job import Job
from airflow.jobs.triggerer_job_runner import TriggerRunnerSupervisor
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.trigger import Trigger
from airflow.sdk.timezone import utcnow
from airflow.utils.session import create_session
from sqlalchemy import insert, select
import_all_models()
Base.metadata.create_all(settings.engine)
now, old = utcnow(), utcnow() - timedelta(hours=1)
with create_session() as session:
    for id, beat, end in (1, now, None), (2, old, None), (3, now, now):
        session.execute(insert(Job).values(id=id, job_type="TriggererJob", latest_heartbeat=beat, end_date=end))
    triggers = ("gone", None), ("gone", 1), ("gone", 2), ("gone", 3), ("read", None), (None, None)
    for queue, triggerer in triggers:
        row = {"classpath": "x", "encrypted_kwargs": "{}", "created_date": now}
        session.execute(insert(Trigger).values(**row, queue=queue, triggerer_id=triggerer))
Trigger.assign_unassigned(1, 10, 30)
with create_session() as session:
    queues = session.scalars(select(Trigger.queue).order_by(Trigger.id)).all()
print(*queues, "Trigger.assign_unassigned(" in inspect.getsource(TriggerRunnerSupervisor.load_triggers))
`.trim();

/** Bytes of the log of a task that are kept on a disk with room, and on a full one; True if DAG files' logs are made likewise. */
export const fullDisk = `
import contextlib, full_disk, os
from unittest.mock import MagicMock
from airflow.dag_processing import manager
from airflow.sdk.execution_time import supervisor
os.environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] = "/tmp/logs"
os.makedirs("/tmp/logs")
os.symlink("/dev/full", "/tmp/logs/full")
supervisor._remote_logging_conn = lambda client: contextlib.nullcontext()
kept = []
for name in ("run/kept", "full"):
    log, file = supervisor._configure_logging(name, MagicMock())
    log.info("text")
    file.close()
    kept.append(os.path.getsize(f"/tmp/logs/{name}") > 0)
print(*kept, isinstance(manager.init_log_file("x"), full_disk.LogPath))
`.trim();

/**
 * The busy processes that a pool remembers when the broker is lost; the bytes read of a process while the pool stops; the exit code of a
 * process that was forked in the middle of a thread's import, and imports the same module.
 */
export const pools = `
import importlib, os, pool, sys, threading
from billiard import Pipe, Process
from types import SimpleNamespace
from unittest.mock import MagicMock
from billiard.pool import CLOSE, RUN
from celery.concurrency.asynpool import AsynPool
pool.install()
lost = MagicMock(_cache={}, outbound_buffer=[], _state=RUN, _active_writers=set(), _busy_workers={3, 4}, _all_inqueues={3, 5})
AsynPool.flush(lost)
reader, writer = Pipe(duplex=False)
process = Process(target=lambda: writer.send("x" * 200_000), daemon=True)
process.start()
process.outq = SimpleNamespace(_reader=reader)
results = []
stopped = MagicMock(_pool=[process], _state=CLOSE)
stopped._result_handler.on_state_change = results.append
stop = threading.Thread(target=AsynPool.join, args=[stopped], daemon=True)
stop.start()
stop.join(20)
os.mkdir("/tmp/modules")
open("/tmp/modules/slow.py", "w").write("import importing, time; importing.set(); time.sleep(3)")
sys.path.append("/tmp/modules")
importing = sys.modules["importing"] = threading.Event()
threading.Thread(target=importlib.import_module, args=["slow"], daemon=True).start()
importing.wait()
forked = Process(target=importlib.import_module, args=["slow"], daemon=True)
forked.start()
forked.join(20)
print(lost._busy_workers, stop.is_alive(), [len(result) for result in results], forked.exitcode, flush=True)
forked.terminate()
process.terminate()
os._exit(0)
`.trim();

/** Begins a program that uses the modules of the stack's scheduler; the folder of all roles is mounted. */
const scheduler = `
import os, sys
from unittest.mock import MagicMock
sys.modules["airflow_on_celery"].__path__ = ["/programs/lease", "/programs/idle", "/canary"]
sys.modules["airflow_on_celery.timings"] = MagicMock(DEAD=30, LOST=30)
`.trim();

/** States of a task that is due again, and of one that never started, after the scheduler has taken in that a process of each has ended. */
export const ends = `
${scheduler}
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "sqlite:////tmp/airflow.db"
from airflow import settings
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.base import Base
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.sdk.timezone import utcnow
from airflow.utils.session import create_session
from airflow_on_celery.executor import CeleryExecutor
from sqlalchemy import insert, select
Base.metadata.create_all(settings.engine)
executor, run = CeleryExecutor(), {"dag_id": "dag", "run_id": "run"}
with create_session() as session:
    session.execute(insert(DagRun).values(**run, run_type="manual", state="running", run_after=utcnow()))
    for task, state in ("due", "scheduled"), ("unstarted", "queued"):
        row = {**run, "task_id": task, "map_index": -1, "try_number": 1}
        rest = {"state": state, "pool": "", "operator": "", "priority_weight": 1, "max_tries": 0}
        session.execute(insert(TaskInstance).values(**row, **rest))
        executor.event_buffer[TaskInstanceKey(**row)] = ("success", None)
    session.commit()
    bag = MagicMock(get_dag_for_run=MagicMock(return_value=None))
    SchedulerJobRunner.process_executor_events(executor, None, bag, session)
    session.flush()
    print(*session.execute(select(TaskInstance.task_id, TaskInstance.state).order_by("task_id")))
`.trim();

/** Queues to which the stack's executor sends a callback, and one that names its queue, where the default queue has another name. */
export const callbacks = `
${scheduler}
os.environ["AIRFLOW__OPERATORS__DEFAULT_QUEUE"] = "usual"
from types import SimpleNamespace
from airflow.executors.workloads import ExecuteCallback
from airflow_on_celery.executor import CeleryExecutor
sent = []
executor = CeleryExecutor()
executor._send_workloads = lambda all: sent.extend(queue for _, _, queue, *_ in all)
for data in {}, {"queue": "own"}:
    executor._process_workloads([MagicMock(spec=ExecuteCallback, callback=SimpleNamespace(key="key", data=data))])
print(*sent)
`.trim();

/** Connections that a scheduler opens to the results for three looks. */
export const resultsConnections = `
${scheduler}
from airflow_on_celery.executor import CeleryExecutor
from celery import Celery
from sqlalchemy import event
from sqlalchemy.pool import Pool
opened = []
event.listen(Pool, "connect", lambda *_: opened.append(1))
executor = CeleryExecutor()
executor.celery_app = Celery(backend="db+sqlite:////tmp/results.db")
executor.bulk_state_fetcher.celery_app = executor.celery_app
executor.keep_connection()
opened.clear()
for _ in range(3):
    executor.bulk_state_fetcher.get_many([MagicMock(task_id="id")])
print(len(opened))
`.trim();
