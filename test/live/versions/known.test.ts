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
import { unanswered, unreadable } from "./absencePrograms.ts";
import { fenced, fullMemory } from "./fencePrograms.ts";
import {
  callbacks,
  ends,
  firstBeat,
  fullDisk,
  idleLoop,
  pools,
  resultsConnections,
  rollbacks,
  spared,
  stranded,
  waits,
} from "./programs.ts";
import { removable } from "./recordPrograms.ts";
import { flowerAlone, lateApi, logServer, rereading } from "./startPrograms.ts";
import { described, endings, requests } from "./webserverPrograms.ts";
import {
  cleaner,
  firstHeartbeat,
  renewals,
  resultsTables,
  sharedImports,
  taskLog,
} from "./workerPrograms.ts";

const programs = join(project, "components/roles");

/** Makes the folder of programs what a role imports from, by plain names and as the stack's own package. */
const packaged = `
import sys
from types import ModuleType
sys.path.insert(0, "/programs")
sys.modules["airflow_on_celery"] = ModuleType("airflow_on_celery")
sys.modules["airflow_on_celery"].__path__ = ["/programs", "/canary"]
`.trim();

/** Last line that a Python program prints in the image, with a role's folder of programs to import from. */
async function printed(version: string, role: string, program: string, ...args: string[]): Promise<string> {
  const options = [
    "--rm",
    "--volume",
    `${join(programs, role)}:/programs:ro`,
    "--volume",
    `${join(project, "components/canary")}:/canary:ro`,
    "--env",
    "PYTHONDONTWRITEBYTECODE=1",
  ];
  const text = `${packaged}\n${program}`;
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

test("the webserver has the same API when its routes are built sooner", async () => {
  const program = (first: string) => printed(defaultVersion, "routes", described(first));
  const [usual = "", sooner = ""] = await Promise.all([program(""), program("import routes")]);
  assert.match(usual, /^[0-9a-f]{64} False False$/);
  assert.match(sooner, / True True$/);
  assert.equal(sooner.split(" ")[0], usual.split(" ")[0]);
});

test("requests of tasks have the same answers in a single asyncio task", async () => {
  const program = (first: string) => printed(defaultVersion, "routes", requests(first));
  const [usual = "", single = ""] = await Promise.all([program(""), program("import single_task")]);
  const [some, all] = ["[False, False, False, False, False]", "[True, True, True, True, False]"];
  const answers = /^(\[.*?\]) \[200, 404, 401, 500, 200\] ([0-9a-f]{64})$/;
  assert.equal(answers.exec(usual)?.[1], some);
  assert.equal(single, usual.replace(some, all));
});

test("a process of the webserver that ends answers requests that are on their way", async () => {
  const answered = "[200, 200, 200, 200, True]";
  assert.equal(await printed(defaultVersion, "admission", endings), `[${answered}, ${answered}]`);
});

for (const version of builtVersions()) {
  test(`Airflow ${version} waits for the database during a rollback and for a connection, too: no heartbeat is missed`, async () => {
    assert.equal(await printed(version, "heartbeat", rollbacks), "True True 3 2 {}");
  });

  test(`a job of Airflow ${version} beats at the first turn of its loop`, async () => {
    assert.equal(await printed(version, "heartbeat", firstBeat), "0 1 1");
  });

  test(`the scheduler of Airflow ${version} fails no task because it waits for a place, however long`, async () => {
    assert.equal(await printed(version, "", waits), "1000000");
  });

  test(`a worker of Airflow ${version} remembers its busy processes, reads their results until it stops, and keeps none from an import`, async () => {
    assert.equal(await printed(version, "pool", pools), "{3} False [200000] 0");
  });

  test(`a worker of Airflow ${version} without tasks replaces its processes once some have run one, and loses no task by it`, async () => {
    assert.equal(await printed(version, "pool", renewals), "0 3 0 30");
  });

  test(`processes of Airflow ${version} make the tables of results one after the other`, async () => {
    const steps = "SELECT pg_advisory_xact_lock connection engine True";
    assert.equal(await printed(version, "results", resultsTables), steps);
  });

  test(`the retention of Airflow ${version} removes old rows that nothing needs, also of tables that Airflow leaves out`, async () => {
    const removed = version.startsWith("3.") ? "[2] [4] [4, 8]" : "[2] [] [4, 5, 6, 8]";
    assert.equal(await printed(version, "../retention", removable), `${removed} True`);
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

  test(`Flower of Airflow ${version} keeps Airflow's configuration of Celery, but not Airflow, unless its log has Airflow's form`, async () => {
    assert.equal(
      await printed(version, "start", flowerAlone),
      "redis://noted:6379/0 --port=5599 20 False True True False",
    );
  });

  test(`a worker and a triggerer of Airflow ${version} serve logs, to no one without a token`, async () => {
    const served = version.startsWith("3.")
      ? "threading False True 403 1 0"
      : "multiprocessing False False 403 0 0";
    for (const args of [["celery", "worker"], ["triggerer"]])
      assert.equal(await printed(version, "start", logServer, ...args), served, args.join(" "));
  });

  test(`Airflow ${version} finds no connection and no variable absent because the database does not answer`, async () => {
    const absent = "AirflowNotFoundException default";
    assert.equal(
      await printed(version, "absence", unreadable),
      `there value ${absent} OperationalError OperationalError`,
    );
  });

  // Tasks of Airflow 2 read the database themselves.
  if (version.startsWith("3."))
    test(`a task of Airflow ${version} finds none absent because the webserver does not answer`, async () => {
      const outcomes =
        "default Unanswered AirflowNotFoundException AirflowNotFoundException Unanswered Unanswered";
      assert.equal(await printed(version, "absence", unanswered), outcomes);
    });

  // Airflow 2 has no versions of DAGs, and no API for DAG files.
  if (version.startsWith("3."))
    test(`Airflow ${version} needs no process to remove old versions of DAGs, and no API for DAG files that ask nothing`, async () => {
      assert.equal(
        await printed(version, "start", cleaner, "celery", "worker"),
        "threading multiprocessing 2",
      );
      assert.equal(await printed(version, "start", lateApi, "dag-processor"), "False True v is known");
    });

  // The scheduler of Airflow 2 reads DAG files in another way.
  if (version.startsWith("3."))
    test(`the DAG processor of Airflow ${version} reads many files more rarely, but what has changed within 30 s`, async () => {
      const told = "a.py+b.py 30 none 160.0 a.py a.py+b.py";
      assert.equal(await printed(version, "parsing", rereading, "dag-processor"), told);
    });

  // Workers of Airflow 2 have no fence.
  if (version.startsWith("3."))
    test(`a worker of Airflow ${version} knows its tasks' heartbeats when tasks have filled the shared memory`, async () => {
      assert.equal(await printed(version, "lease", fullMemory), "True 8.5");
    });

  if (version.startsWith("3."))
    test(`a worker of Airflow ${version} ends tasks that its supervisors or the scheduler have given up, and no others`, async () => {
      assert.equal(
        await printed(version, "lease", fenced),
        "False False True True True True stale False False True",
      );
    });

  // Airflow 2 has no supervisors of tasks.
  if (version.startsWith("3."))
    test(`a worker of Airflow ${version} shares with its tasks what all need, and sends no heartbeat right after a start`, async () => {
      assert.equal(await printed(version, "pool", sharedImports), "True v 3 1 0 {'a': [1]} 0");
      assert.equal(await printed(version, "pool", taskLog), "True True spoken 1 True");
      assert.equal(await printed(version, "lease", firstHeartbeat), "0 1");
    });

  // The executor of Airflow 2 is Airflow's own.
  if (version.startsWith("3."))
    test(`the scheduler of Airflow ${version} keeps its connection to the results`, async () => {
      assert.equal(await printed(version, "", resultsConnections), "1");
    });

  // The executor of Airflow 2 is Airflow's own.
  if (version.startsWith("3."))
    test(`the scheduler of Airflow ${version} fails no task for an end of its last process once the task is due again`, async () => {
      assert.equal(await printed(version, "", ends), "('due', 'scheduled') ('unstarted', 'success')");
    });

  // Airflow 2 has no callbacks that workers run.
  if (version.startsWith("3."))
    test(`a callback of Airflow ${version} goes to the default queue, also by another name`, async () => {
      assert.equal(await printed(version, "", callbacks), "usual own");
    });

  // Tasks of Airflow 2 write their logs themselves, and go on if they cannot.
  if (version.startsWith("3."))
    test(`a task of Airflow ${version} goes on if its log does not fit on the disk`, async () => {
      assert.equal(await printed(version, "fullDisk", fullDisk), "True False True");
    });

  // Triggers of Airflow 2 have no queues.
  if (version.startsWith("3."))
    test(`a triggerer of Airflow ${version} runs triggers of queues that no triggerer reads, unless one that lives has them`, async () => {
      assert.equal(await printed(version, "triggerQueues", stranded), "None gone None None read None True");
    });

  // The schedulers of Airflow 2 sleep as Airflow makes them.
  if (version.startsWith("3."))
    test(`the loop of Airflow ${version}'s scheduler sleeps as the stack lets it`, async () => {
      assert.equal(await printed(version, "idle", idleLoop), "1 Sleeper.sleep 5 1 1");
    });
}

for (const server of ["postgres", "redis"] as const) {
  before(() => ensureImages([server]));

  test(`the settings that are known of ${server} are those of its image: npm run settings writes them`, async () => {
    assert.equal(readFileSync(serverFile(server), "utf8"), await printedByServer(server));
  });
}
