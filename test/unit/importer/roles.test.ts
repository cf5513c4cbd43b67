import assert from "node:assert/strict";
import { test } from "node:test";
import { findStarted } from "../../../importer/compose/roles.ts";
import { imported } from "./disk.ts";

const commands: [service: string, command: unknown, roles: string[], entrypoint?: unknown][] = [
  ["a", "scheduler", ["scheduler"]],
  ["a", "celery worker -q a,b", ["worker"]],
  ["a", ["airflow", "celery", "worker"], ["worker"]],
  ["a", "celery -A airflow.executors.celery_executor.app worker -Q a", ["worker"]],
  ["a", "airflow api-server", ["webserver"]],
  ["a", "standalone", ["scheduler", "webserver", "triggerer"]],
  ["a", 'bash -c "sleep 10 && airflow db migrate && exec airflow scheduler"', ["scheduler"]],
  ["a", ["bash", "-c", "airflow scheduler & airflow webserver"], ["scheduler", "webserver"]],
  ["a", "sh -ec 'pip install -r /r.txt; airflow celery flower'", ["flower"]],
  ["a", "bash -c 'airflow db init && airflow users create --username worker'", ["migration"]],
  ["a", "scheduler", ["scheduler"], ["/usr/bin/dumb-init", "--", "/entrypoint"]],
  ["a", "worker", ["worker"], "airflow"],
  ["a", "/start.sh triggerer", ["triggerer"]],
  ["a", "./wait-for-it.sh db:5432 -t 60 -- airflow webserver -p 8080", ["webserver"]],
  ["a", "env A=1 python -m airflow dag-processor", ["dag-processor"]],
  // A word in an argument or in printed text is no role.
  ["a", "python /opt/worker_report.py", []],
  ["reports", "python report.py worker", []],
  ["worker_api", "uvicorn main:app", []],
  ["a", "bash -c 'echo airflow worker; tail -f /dev/null'", []],
  ["airflow-python", "python", []],
  // The service's name decides if the command is a script, or absent.
  ["airflow-worker", "/start.sh", ["worker"]],
  ["webserver", undefined, ["webserver"]],
  ["airflow_dag_processor_1", undefined, ["dag-processor"]],
  ["airflow-cli", undefined, []],
];

for (const [service, command, roles, entrypoint] of commands) {
  test(`service ${service} with ${JSON.stringify([entrypoint, command])} runs ${roles.join(", ") || "no role"}`, () => {
    const started = findStarted({ service, entrypoint, command, prepares: false });
    assert.deepEqual(
      started.map(({ role }) => role),
      roles,
    );
  });
}

/** Imports services of workers of Airflow 3; returns the keys of the stack about workers. */
function workersOf(...lines: string[]): unknown {
  const services = ["scheduler: { image: apache/airflow:3.3.2, command: scheduler }", ...lines];
  const { config } = imported({
    "compose.yaml": `services:\n${services.map((line) => `  ${line}\n`).join("")}`,
  }).plan;
  return { workers: config.workers, workerGroups: config.workerGroups };
}

const image = "image: apache/airflow:3.3.2";
const workers: [lines: string[], becomes: unknown][] = [
  [
    [
      `airflow-worker-1: { ${image}, command: celery worker }`,
      `airflow-worker-2: { ${image}, command: celery worker }`,
    ],
    { workers: 2, workerGroups: undefined },
  ],
  [
    [`worker: { ${image}, command: "celery worker -q default,high,low" }`],
    { workers: 0, workerGroups: [{ name: "high", queues: ["default", "high", "low"] }] },
  ],
  [
    [
      `worker: { ${image}, command: celery worker }`,
      `airflow-worker-gpu-1: { ${image}, command: celery worker --queues=gpu, scale: 2 }`,
      `airflow-worker-gpu-2: { ${image}, command: celery worker --queues gpu }`,
    ],
    { workers: 1, workerGroups: [{ name: "gpu", queues: ["gpu"], workers: 3 }] },
  ],
  ...["-q=gpu -c=4", "-qgpu -c4", "-q gpu -c 4 -linfo"].map((flags): [string[], unknown] => [
    [`worker: { ${image}, command: celery worker ${flags} }`],
    { workers: 0, workerGroups: [{ name: "gpu", queues: ["gpu"], concurrency: 4 }] },
  ]),
  [
    [
      `worker-1: { ${image}, command: celery worker, mem_limit: 1g }`,
      `worker-2: { ${image}, command: celery worker, mem_limit: 8g }`,
    ],
    { workers: 1, workerGroups: [{ name: "more", queues: ["default"], memory: 8192 }] },
  ],
  [
    [
      `worker: { ${image}, command: celery worker -q etl, environment: { AIRFLOW__OPERATORS__DEFAULT_QUEUE: etl } }`,
      `other: { ${image}, command: celery worker -q etl }`,
    ],
    { workers: 2, workerGroups: undefined },
  ],
];

for (const [lines, becomes] of workers) {
  test(`${lines.length} services become worker groups: ${lines.join("; ").replaceAll(image, "image")}`, () => {
    const made = workersOf(...lines) as Record<string, unknown>;
    const [group, ...others] = (made.workerGroups ?? []) as { name: string }[];
    assert.deepEqual(others, []);
    assert.deepEqual(group ? { ...made, workerGroups: [group] } : made, becomes);
  });
}

/** Settings of workers in the part that all services share, commands of the default workers and of others, and their processes. */
const processes: [shared: string, command: string, other: string, becomes: unknown][] = [
  ["CONCURRENCY: 4", "celery worker -c 16", "celery worker -q a", [16, undefined, [[4, undefined]]]],
  ["CONCURRENCY: 4", "celery worker", "celery worker -q a -c 2", [4, undefined, [[2, undefined]]]],
  ["CONCURRENCY: 4", "celery worker -c 16", "celery worker -q a -c 2", [16, undefined, [[2, undefined]]]],
  ["CONCURRENCY: 4", "celery worker --autoscale 8,2", "celery worker -q a", [8, 2, [[4, undefined]]]],
  ["CONCURRENCY: 4", "celery worker", "celery worker -q a --autoscale=8,2", [4, undefined, [[8, 2]]]],
  ["AUTOSCALE: '8,2'", "celery worker -c 16", "celery worker -q a --autoscale 4,1", [8, 2, [[4, 1]]]],
];

for (const [shared, command, other, becomes] of processes) {
  test(`flags of a command win over WORKER_${shared}: ${command}; ${other}`, () => {
    const common = `<<: &common { ${image}, environment: { AIRFLOW__CELERY__WORKER_${shared} } }`;
    const { config, plan } = imported({
      "compose.yaml": `services:
  scheduler: { ${common}, command: scheduler }
  worker: { <<: *common, command: "${command}" }
  other: { <<: *common, command: "${other}" }
`,
    });
    const groups = config.workerGroups as { concurrency?: number; minConcurrency?: number }[];
    assert.deepEqual(
      [
        config.workerConcurrency,
        config.workerMinConcurrency,
        groups.map(({ concurrency, minConcurrency }) => [concurrency, minConcurrency]),
      ],
      becomes,
    );
    assert.deepEqual(plan.unsupported, []);
  });
}

const counts: [lines: string[], becomes: Readonly<Record<string, number>>][] = [
  [
    ["scheduler-1: { IMAGE, command: scheduler }", "scheduler-2: { IMAGE, command: scheduler }"],
    { schedulers: 2 },
  ],
  [
    ["a: { IMAGE, command: scheduler, deploy: { replicas: 2 } }", "b: { IMAGE, command: scheduler }"],
    { schedulers: 3 },
  ],
  [["a: { IMAGE, command: triggerer, scale: 2 }", "b: { IMAGE, command: triggerer }"], { triggerers: 3 }],
  [["a: { IMAGE, command: api-server }", "b: { IMAGE, command: api-server }"], { webservers: 2 }],
  [["a: { IMAGE, command: scheduler }", "b: { IMAGE, command: triggerer }"], {}],
];

for (const [lines, becomes] of counts) {
  test(`services are counted by role: ${lines.join("; ")}`, () => {
    const services = lines.map((line) => `  ${line.replace("IMAGE", image)}\n`).join("");
    const { schedulers, triggerers, webservers } = imported({
      "compose.yaml": `services:\n${services}`,
    }).config;
    assert.deepEqual(JSON.parse(JSON.stringify({ schedulers, triggerers, webservers })), becomes);
  });
}

test("the number of containers in a shared part counts for each role, and for those with one instance is left to do", () => {
  const common = `<<: &common { ${image}, deploy: { replicas: 2 } }`;
  const { config, report } = imported({
    "compose.yaml": `services:
  scheduler: { ${common}, command: scheduler }
  worker: { <<: *common, command: celery worker }
  flower: { <<: *common, command: celery flower }
`,
  });
  assert.deepEqual([config.schedulers, config.workers], [2, 2]);
  assert.match(report, /1 × the stack runs one instance of flower/);
});

test("several services of a role with one instance are left to do", () => {
  const services = ["a", "b"].map((name) => `  ${name}: { ${image}, command: dag-processor }\n`).join("");
  const { report } = imported({ "compose.yaml": `services:\n${services}` });
  assert.match(report, /Not taken over:\n {2}2 × the stack runs one instance of dag-processor/);
});

/** Variables of some services, and whether the report says that all roles get them. */
const settings: [scheduler: string, worker: string, isLeft: boolean][] = [
  ["AIRFLOW__CORE__PARALLELISM: 8", "", true],
  ["AIRFLOW__CORE__PARALLELISM: 8", "AIRFLOW__CORE__PARALLELISM: 8", false],
  ["AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL: 8", "", false],
  ["", "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL: 8", true],
  ["HTTP_PROXY: 'http://proxy:3128'", "", true],
  ["", "AIRFLOW__CELERY__WORKER_CONCURRENCY: 8", false],
];

for (const [scheduler, worker, isLeft] of settings) {
  test(`of the scheduler's { ${scheduler} } and the worker's { ${worker} }, ${isLeft ? "not " : ""}all is done`, () => {
    const { report } = imported({
      "compose.yaml": `services:
  scheduler: { ${image}, command: scheduler, environment: { ${scheduler} } }
  worker: { ${image}, command: celery worker, environment: { ${worker} } }
`,
    });
    assert.equal(/1 × all roles get it, since a role has no settings of its own/.test(report), isLeft);
  });
}
