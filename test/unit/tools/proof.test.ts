import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { proofRequest } from "../../../components/canary/request.ts";
import { defaultVersion } from "../../../settings/schema/versions.ts";
import { AirflowApi } from "../../../tools/lib/airflow.ts";
import { type DagFacts, dagFaults, unlistedFiles } from "../../../tools/lib/proof/dagFaults.ts";
import { dagsSentence, greeting } from "../../../tools/lib/proof/greeting.ts";
import { hostIn } from "../../../tools/lib/proof/log.ts";
import { prove } from "../../../tools/lib/proof/proof.ts";
import { failures, proofReport, type Trial, verdict } from "../../../tools/lib/proof/report.ts";
import { eventIn, isRunning, proveBy, startProver } from "../../../tools/lib/proof/run.ts";
import { type Outputs, Stack } from "../../../tools/lib/stack.ts";
import { linesOf } from "../../../tools/lib/taskLog.ts";
import { settingsFor } from "../settingsFrom.ts";
import { withPrograms } from "../standIns.ts";

test("a proof's request has every group with workers, by name unless an autoscaler decides their number", () => {
  const docker = settingsFor({
    workers: 2,
    settings: { operators: { default_queue: "main" } },
    workerGroups: [
      { name: "reports", queues: ["reports", "mails"], concurrency: 2 },
      { name: "none", queues: ["none"], workers: 0 },
    ],
  });
  assert.deepEqual(proofRequest(docker, true), {
    groups: [
      { name: "worker", queues: ["main"], workers: ["worker-1", "worker-2"], places: 4 },
      { name: "worker-reports", queues: ["reports", "mails"], workers: ["worker-reports-1"], places: 2 },
    ],
    patience: 300,
    wakes: true,
  });
  const { groups } = settingsFor({ workers: 1 });
  const scaled = {
    settings: {},
    groups: groups.map((group) => ({ ...group, autoscale: { min: 0, max: 3 } })),
  };
  assert.deepEqual(proofRequest(scaled, false).groups, [
    { name: "worker", queues: ["default"], workers: null, places: 4 },
  ]);
});

test("output of the proof that is no event is ignored", () => {
  assert.equal(eventIn("2026-01-01 [info] DAG bundles loaded: dags-folder"), undefined);
  assert.equal(eventIn("{}"), undefined);
  assert.deepEqual(eventIn('{"event": "ended"}'), { event: "ended" });
});

test("a program that was started before a deployment still proves, unless its scheduler is gone", async () => {
  const request = proofRequest(settingsFor({}), false);
  const place = { name: "scheduler", machine: undefined, program: "docker", args: [], env: {} } as const;
  const waits = `#!/bin/sh\nread -r request; echo '{"event": "ended"}'; read -r result\n`;
  await withPrograms({ docker: waits }, async () => {
    const waiting = startProver(place);
    assert.ok(isRunning(waiting));
    const api = new AirflowApi({ version: defaultVersion } as Outputs);
    assert.deepEqual(await proveBy(waiting, request, api, assert.fail), []);
  });
  await withPrograms({ docker: "#!/bin/sh\nexit 137\n" }, async () => {
    const gone = startProver(place);
    await new Promise((done) => gone.child.once("exit", done));
    assert.ok(!isRunning(gone));
  });
});

test("a proof reads a log within its own limit, however patient the API is", (context) => {
  const place = { name: "scheduler", machine: undefined, program: "docker", args: [], env: {} } as const;
  const trial = { event: "failed", kind: "queue", name: "default", run: "r", step: "task", why: "none" };
  const told = [trial, { event: "ended" }].map((event) => `echo '${JSON.stringify(event)}'`);
  const docker = `#!/bin/sh\nread -r request\n${told.join("\n")}\nread -r result\n`;
  return withPrograms({ docker }, async () => {
    context.mock.timers.enable({ apis: ["Date"], now: 0 });
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      context.mock.timers.tick(5500);
      response.destroy();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const webserverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const api = new AirflowApi({ webserverUrl, version: defaultVersion } as Outputs, 60);
    const failed = prove(new Stack("x"), settingsFor({}), api, [], startProver(place));
    await assert.rejects(failed, /The proof failed, see above: queue default/).finally(() => server.close());
    assert.equal(asked, 2);
  });
});

test("a canary's host is found in its log, in the formats of both Airflow versions", () => {
  const run = "queue.default.1";
  const three = {
    content: [{ event: "::group::Log message source details" }, { event: `canary ${run} ran on worker-2.` }],
  };
  assert.equal(hostIn(linesOf(three), run), "worker-2");
  const two = {
    content: `[('worker-1', "[2026] {canary.py:33} INFO - canary ${run} ran on worker-1.\\n[2026] done")]`,
  };
  assert.equal(hostIn(linesOf(two), run), "worker-1");
  assert.equal(hostIn(linesOf(three), "queue.default.2"), undefined);
});

test("a report has a line for each trial: seconds, or the step that failed, and the end of its log", () => {
  const trials: Trial[] = [
    { event: "success", kind: "queue", name: "default", run: "a", seconds: 2.1, host: "worker-1" },
    { event: "success", kind: "worker", name: "worker-1", run: "b", seconds: 2 },
    {
      event: "busy",
      kind: "worker",
      name: "worker-2",
      run: "c",
      why: "all places are taken: worker-2 runs 4 of 4 tasks",
    },
    {
      event: "failed",
      kind: "worker",
      name: "worker-3",
      run: "d",
      step: "task",
      why: "the task ended as failed",
      log: ["1", "2", "3", "4", "5", "6"],
    },
  ];
  assert.deepEqual(proofReport(trials).split("\n"), [
    "  queue default    2.1 s, by worker-1",
    "  worker worker-1  2 s",
    "  worker worker-2  not tried: all places are taken: worker-2 runs 4 of 4 tasks",
    "  worker worker-3  FAILED at the task: the task ended as failed",
    "    2",
    "    3",
    "    4",
    "    5",
    "    6",
  ]);
  assert.deepEqual(failures(trials), ["worker worker-3"]);
  assert.equal(verdict(trials), "Nothing failed. Not tried, since other tasks come first: worker worker-2.");
  assert.equal(verdict(trials.slice(0, 2)), "Every queue and every worker works.");
});

const trace = `Traceback (most recent call last):
  File "<frozen importlib._bootstrap>", line 241, in _call_with_frames_removed
  File "/opt/airflow/dags/team/broken.py", line 3, in <module>
    import helper
  File "/opt/airflow/dags/helper.py", line 9, in <module>
    import nope
ModuleNotFoundError: No module named 'nope'
`;

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const facts: DagFacts = {
  dags: [
    { dag_id: "one", fileloc: "/opt/airflow/dags/one.py", last_parsed_time: at(200) },
    { dag_id: "old", fileloc: "/opt/airflow/dags/old.py", last_parsed_time: at(200) },
  ],
  errors: [
    { filename: "team/broken.py", stack_trace: trace },
    { filename: "/opt/airflow/dags/mended.py", stack_trace: "SyntaxError: invalid syntax" },
  ],
  folder: {
    unreadable: ["secret.py"],
    files: { "one.py": 100, "old.py": 300, "twice.py": 100, "mended.py": 300, "helper.py": 100 },
  },
};

test("DAG files that Airflow has not read since they changed are read on the spot", () => {
  assert.deepEqual(unlistedFiles(facts), ["old.py", "twice.py", "mended.py", "helper.py"]);
});

test("faults of DAGs are reported with file and line, and a new reading replaces known faults", () => {
  const contents = {
    "old.py": { ids: ["old"], error: null },
    "twice.py": { ids: ["one"], error: null },
    "mended.py": { ids: ["mended"], error: null },
    "helper.py": { ids: [], error: null },
  };
  assert.deepEqual(dagFaults(facts, contents, "dags"), [
    "dags/secret.py: user 50000 of group 0, which runs Airflow, may not read it; expected a readable file: chmod -R a+rX dags",
    "dags/team/broken.py:3: ModuleNotFoundError: No module named 'nope'",
    "dags/twice.py: its DAG one is also in dags/one.py; expected another id",
  ]);
  const empty = { dags: [], errors: [], folder: { unreadable: [], files: { "helper.py": 1 } } };
  assert.deepEqual(dagFaults(empty, { "helper.py": { ids: [], error: null } }, "dags"), [
    "dags: Airflow finds no DAG; expected one at least",
  ]);
  assert.deepEqual(
    dagFaults({ ...facts, errors: [], folder: { unreadable: [], files: {} } }, {}, "dags"),
    [],
  );
});

test("the greeting says where DAGs go or come from", () => {
  assert.equal(dagsSentence(settingsFor({})), "go to dags");
  assert.equal(
    dagsSentence(
      settingsFor({ dagsGit: { url: "https://git.example.com/team/dags.git", ref: "v1", folder: "jobs" } }),
    ),
    "come from https://git.example.com/team/dags.git, v1, jobs",
  );
  const dagBundles = [{ name: "team-b", url: "https://git.example.com/b.git", folder: "jobs" }];
  assert.equal(
    dagsSentence(settingsFor({ dagBundles })),
    "go to dags; team-b: https://git.example.com/b.git, main, jobs",
  );
  assert.equal(
    dagsSentence(settingsFor({ dagsImage: "registry.example.com/team/dags" })),
    "go to dags; npm run up then puts them into the image registry.example.com/team/dags",
  );
});

test("the README shows what npm run up prints", () => {
  const outputs = {
    webserverUrl: "http://127.0.0.1:8080",
    flowerUrl: "http://127.0.0.1:5555",
    monitoringUrl: "http://127.0.0.1:9090",
    adminUser: "admin",
    adminPassword: "",
    workers: [],
    version: "3.3.2",
  };
  const text = greeting("dev", settingsFor({ monitoring: {} }), outputs, false);
  const readme = readFileSync("README.md", "utf8");
  assert.ok(readme.includes(`\`\`\`text${text}\`\`\``), text);
});
