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
