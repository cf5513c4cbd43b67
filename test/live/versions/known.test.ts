import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { builtVersions, localImage } from "../../../images/local.ts";
import { knownFile } from "../../../settings/model/known.ts";
import { serverFile } from "../../../settings/model/servers.ts";
import { defaultVersion, releaseOf } from "../../../settings/schema/versions.ts";
import { ensureImages } from "../../../tools/images.ts";
import { project } from "../../../tools/lib/process.ts";
import { printedBy, printedByServer } from "../../../tools/upkeep/settings.ts";
import { docker } from "../targets/docker.ts";

const programs = join(project, "components/roles");

/** Last line that a Python program prints in the image, with a role's folder of programs to import from. */
async function printed(version: string, role: string, program: string, ...args: string[]): Promise<string> {
  const options = [
    "--rm",
    "--volume",
    `${join(programs, role)}:/programs:ro`,
    "--env",
    "PYTHONDONTWRITEBYTECODE=1",
  ];
  const text = `import sys; sys.path.insert(0, "/programs"); ${program}`;
  const command = ["--entrypoint", "python", localImage("airflow", version), "-c", text, ...args];
  return (await docker("run", ...options, ...command)).trim().split("\n").at(-1) ?? "";
}

/** Effects of a start of Airflow with these arguments: GC threshold, YAML loader, task runner, objects frozen at its end. */
function afterStart(version: string, ...args: string[]): Promise<string> {
  const look =
    "import atexit, gc, start, yaml; atexit._run_exitfuncs(); " +
    'print(gc.get_threshold()[0], yaml.SafeLoader.__name__, "airflow.sdk.execution_time.task_runner" in sys.modules, ' +
    "gc.get_freeze_count() > 0)";
  return printed(version, "start", look, ...args);
}

/**
 * Modules that are imported although a start with these arguments spares them; the death signal of a pool's process before and after
 * cffi is imported; a task's source without its decorator, which takes `libcst`; true if the revision that the quick check of the schema
 * takes for the newest is.
 */
const spared = `
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
spared = ["alembic", "cffi", "click_repl", "flask", "flower", "libcst"]
imported = [name for name in spared if name in sys.modules]
from billiard import util
signals = []
for signal in (9, 15):
    util.set_pdeathsig(signal)
    signals.append(util.get_pdeathsig())
    import cffi
text = decorators.remove_task_decorator("@task.python\\ndef f(): pass\\n", "@task.python")
from alembic.script import ScriptDirectory
from alembic.config import Config
folder = import_module("airflow.migrations").__path__[0]
config = Config()
config.set_main_option("script_location", folder)
print(imported, signals, repr(text), ScriptDirectory.from_config(config).get_heads() == [newest])
`.trim();

/** Calls of the stack's sleep, with the query that it looks at, in a loop of Airflow's scheduler that finds nothing to do. */
const idleLoop = `
import idle, inspect
from sqlalchemy.dialects import postgresql
idle.install()
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner, time
calls = inspect.getsource(SchedulerJobRunner._run_scheduler_loop).count("time.sleep(")
print(calls, time.sleep.__qualname__, str(idle.COUNTS.compile(dialect=postgresql.dialect())).count("count("))
`.trim();

/** True if a wait for the database was noted at each rollback but the first, which the first connection makes. */
const rollbacks = `
import job, time
from sqlalchemy import create_engine, text
job.Waiting.run = lambda self: time.sleep(60)
engine, noted = create_engine("sqlite://"), []
engine.dialect.do_rollback = lambda connection: noted.append(bool(job.waiting.since))
with engine.connect() as connection:
    begun = connection.begin()
    connection.execute(text("select 1"))
    begun.rollback()
with engine.connect() as connection:
    connection.execute(text("select 1"))
print(len(noted) > 2, all(noted[1:]), job.waiting.since)
`.trim();

/** Bytes of the log of a task that are kept on a disk with room, and on a full one; True if DAG files' logs are made likewise. */
const fullDisk = `
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

/** The process and the heartbeat that a worker's fence knows after a task has filled the memory that all tasks share. */
const fullMemory = `
import os, sys
from types import ModuleType, SimpleNamespace
sys.modules["airflow_on_celery"] = ModuleType("airflow_on_celery")
sys.modules["airflow_on_celery"].__path__ = ["/programs"]
sys.modules["airflow_on_celery.timings"] = SimpleNamespace(DEAD=30, FENCE=20)
from airflow_on_celery import fence, supervisor
supervisor.REPORTS.mkdir()
with open("/dev/shm/filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(2**20))
    except OSError:
        pass
supervisor.report(os.getpid(), 7.5)
supervisor.report(os.getpid(), 8.5)
process, beat = fence.process_of(supervisor.REPORTS / str(os.getpid()))
print(process.pid == os.getpid(), beat)
`.trim();

/** The busy processes that a pool remembers when the broker is lost; the bytes read of a process while the pool stops. */
const pools = `
import os, pool, threading
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
print(lost._busy_workers, stop.is_alive(), [len(result) for result in results], flush=True)
process.terminate()
os._exit(0)
`.trim();

/** States of a task that is due again, and of one that never started, after the scheduler has taken in that a process of each has ended. */
const ends = `
import os, sys
from types import ModuleType
from unittest.mock import MagicMock
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "sqlite:////tmp/airflow.db"
sys.modules["airflow_on_celery"] = ModuleType("airflow_on_celery")
sys.modules["airflow_on_celery"].__path__ = ["/programs/lease", "/programs/idle"]
sys.modules["airflow_on_celery.timings"] = MagicMock(DEAD=30, LOST=30)
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

/** Digest of the API that a webserver describes; True if dependencies of its routes are built once; True if the execution API is built. */
const described = (first: string) =>
  `
${first}
import airflow, hashlib, json
from fastapi import FastAPI
from fastapi.dependencies import utils
from airflow.api_fastapi.core_api.app import init_views
from airflow.api_fastapi.execution_api.app import create_task_execution_api_app
app, tasks = FastAPI(), create_task_execution_api_app()
init_views(app)
changes = hasattr(utils.get_dependant, "__wrapped__"), tasks._cadwyn_initialized
changes[1] or tasks._cadwyn_initialize()
text = json.dumps([app.openapi(), tasks.openapi()], sort_keys=True)
print(hashlib.sha256(text.encode()).hexdigest(), *changes)
`.trim();

test("the webserver has the same API when its routes are built sooner", async () => {
  const program = (first: string) => printed(defaultVersion, "routes", described(first));
  const [usual = "", sooner = ""] = await Promise.all([program(""), program("import routes")]);
  assert.match(usual, /^[0-9a-f]{64} False False$/);
  assert.match(sooner, / True True$/);
  assert.equal(sooner.split(" ")[0], usual.split(" ")[0]);
});

for (const version of builtVersions()) {
  test(`Airflow ${version} waits for the database during a rollback, too: no heartbeat is missed`, async () => {
    assert.equal(await printed(version, "heartbeat", rollbacks), "True True {}");
  });

  test(`a worker of Airflow ${version} remembers its busy processes, and reads their results until it stops`, async () => {
    assert.equal(await printed(version, "pool", pools), "{3} False [200000]");
  });

  before(() => ensureImages(["airflow"], version));

  test(`the settings that are known of ${version} are those of its image: npm run settings writes them`, async () => {
    const release = releaseOf(version);
    assert.ok(release);
    assert.equal(readFileSync(knownFile(release), "utf8"), await printedBy(version));
  });

  test(`Airflow ${version} starts without the task runner, unless it runs tasks; YAML is read as ever`, async () => {
    assert.equal(await afterStart(version, "scheduler"), "50000 SafeLoader False True");
    const runs = version.startsWith("3.") ? "True" : "False";
    assert.equal(await afterStart(version, "celery", "worker"), `50000 SafeLoader ${runs} True`);
  });

  test(`Airflow ${version} starts without modules that it mostly never uses, and uses them all the same`, async () => {
    const uses = "[] [9, 15] 'def f(): pass\\n' True";
    for (const args of [["scheduler"], ["celery", "worker"]])
      assert.equal(await printed(version, "start", spared, ...args), uses, args.join(" "));
  });

  // Workers of Airflow 2 have no fence.
  if (version.startsWith("3."))
    test(`a worker of Airflow ${version} knows its tasks' heartbeats when tasks have filled the shared memory`, async () => {
      assert.equal(await printed(version, "lease", fullMemory), "True 8.5");
    });

  // The executor of Airflow 2 is Airflow's own.
  if (version.startsWith("3."))
    test(`the scheduler of Airflow ${version} fails no task for an end of its last process once the task is due again`, async () => {
      assert.equal(await printed(version, "", ends), "('due', 'scheduled') ('unstarted', 'success')");
    });

  // Tasks of Airflow 2 write their logs themselves, and go on if they cannot.
  if (version.startsWith("3."))
    test(`a task of Airflow ${version} goes on if its log does not fit on the disk`, async () => {
      assert.equal(await printed(version, "fullDisk", fullDisk), "True False True");
    });

  // The schedulers of Airflow 2 sleep as Airflow makes them.
  if (version.startsWith("3."))
    test(`the loop of Airflow ${version}'s scheduler sleeps as the stack lets it`, async () => {
      assert.equal(await printed(version, "idle", idleLoop), "1 Sleeper.sleep 5");
    });
}

for (const server of ["postgres", "redis"] as const) {
  before(() => ensureImages([server]));

  test(`the settings that are known of ${server} are those of its image: npm run settings writes them`, async () => {
    assert.equal(readFileSync(serverFile(server), "utf8"), await printedByServer(server));
  });
}
