import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { podFacts } from "../../../../tools/lib/status/cluster.ts";
import { containerInstance, type Inspected } from "../../../../tools/lib/status/engine.ts";
import { runningOf } from "../../../../tools/lib/status/facts.ts";
import type { Look } from "../../../../tools/lib/status/look.ts";
import { pageOf, statusReport } from "../../../../tools/lib/status/report.ts";
import { settingsFor } from "../../settingsFrom.ts";

const at = new Date("2026-11-24T12:00:00.000Z");
const day = 86_400_000;
const settings = settingsFor({ canary: { every: "5m" }, backup: { every: "6h", keep: 14 } });
const redis = {
  name: "redis",
  state: "running",
  health: "healthy",
  image: "redis:7",
  since: new Date(at.getTime() - 60_000),
  restarts: 1,
  reason: "out of memory",
  fine: true,
};
const proof = {
  at: "2026-11-24T11:59:00.000+00:00",
  success: 1,
  faults: ["queue gpu: no worker reads the queue"],
};
const backup = {
  id: "20261124T110000Z",
  at: "2026-11-24T11:00:00Z",
  bytes: 5,
  sha256: "00",
  version: "3.3.2",
  rows: 2,
  seconds: 1,
  proof: 3,
};
const look: Look = {
  at,
  facts: {
    machines: [
      { name: "main", instances: [redis] },
      { name: "big", cause: "no route" },
    ],
    tasks: { cause: "Flower does not run" },
    queues: [],
  },
  waiting: [{ dag: "d", run: "r", tasks: 2, seconds: 61, why: "the DAG is paused" }],
  unlisted: 57,
  bounds: {
    volumes: [{ machine: "main", volume: "redis:/data", size: 1024, percent: 90 }],
    certificates: [{ what: "redis.ca", end: new Date(at.getTime() + 40.5 * day), remedy: "a newer one" }],
    images: {},
  },
  bundles: [
    { name: "dags", revision: "0a1b2c3d", seconds: 4.6 },
    { name: "folder", revision: null, seconds: 4.6 },
  ],
  proof,
  backups: { backups: [backup], failure: null },
};

const report = statusReport("ours", look, settings);

test("the report for programs has all data of the page, in documented fields", () => {
  assert.deepEqual(report, {
    stack: "ours",
    at: "2026-11-24T12:00:00.000Z",
    fine: false,
    troubles: ["big does not answer", "queues and tasks are unknown", "the last proof failed"],
    warnings: [
      "redis:/data on main is 90 % full",
      "redis on main was out of memory: give its role or its group a higher memory limit",
    ],
    machines: [
      {
        name: "main",
        cause: null,
        instances: [
          {
            name: "redis",
            state: "running",
            health: "healthy",
            image: "redis:7",
            restarts: 1,
            fine: true,
            since: "2026-11-24T11:59:00.000Z",
            reason: "out of memory",
            says: null,
          },
        ],
      },
      { name: "big", cause: "no route", instances: [] },
    ],
    queues: null,
    waiting: look.waiting,
    unlistedWaiting: 57,
    bundles: look.bundles,
    proof,
    backup,
    backupFailure: null,
    volumes: look.bounds.volumes,
    certificates: [{ what: "redis.ca", end: "2027-01-04T00:00:00.000Z", days: 40 }],
  });
  const docs = readFileSync(new URL("../../../../docs/monitoring.md", import.meta.url), "utf8");
  for (const field of Object.keys(report)) assert.match(docs, new RegExp(`^\\| \`${field}\``, "m"));
});

test("a container that has run for twice the interval without a backup is a trouble", () => {
  const startedBefore = (hours: number) => {
    const container = { ...redis, name: "backup", since: new Date(at.getTime() - hours * 3_600_000) };
    const machines = [{ name: "main", instances: [container] }];
    const without = { ...look, facts: { ...look.facts, machines }, backups: { backups: [], failure: null } };
    return statusReport("ours", without, settings).troubles.filter((trouble) => /backup/.test(trouble));
  };
  assert.deepEqual(startedBefore(12), []);
  assert.equal(startedBefore(13).length, 1);
});

test("a canary without a proof for its interval and a quarter of an hour is a trouble", () => {
  const troublesOf = (seconds: number | undefined, changed: Partial<Look> = {}) => {
    const since = new Date(at.getTime() - 86_400_000);
    const machines = [{ name: "main", instances: [{ ...redis, name: "canary", since }] }];
    const last =
      seconds === undefined
        ? null
        : { at: new Date(at.getTime() - seconds * 1000).toISOString(), faults: [] };
    const shown = { ...look, facts: { ...look.facts, machines }, proof: last, ...changed };
    return statusReport("ours", shown, settings).troubles.filter((trouble) => /proof/.test(trouble));
  };
  assert.deepEqual(troublesOf(1200), []);
  assert.match(troublesOf(1201).join(), /^the last proof is from 20 min ago$/);
  assert.match(
    troublesOf(undefined).join(),
    /^there is no proof yet, although the canary was started 24 h ago$/,
  );
  assert.deepEqual(troublesOf(undefined, { unknown: "no scheduler runs" }), []);
});

test("a database that does not answer, a full volume and an expired certificate are troubles", () => {
  const certificates = [{ what: "redis.ca", end: new Date(at.getTime() - 1), remedy: "a newer one" }];
  const volumes = [97, 98].map((percent) => ({
    machine: "main",
    volume: `${percent}:/data`,
    size: 1024,
    percent,
  }));
  const bounds = { ...look.bounds, certificates, volumes };
  const shown = { ...look, bounds, unknown: "no scheduler runs" };
  const { troubles, warnings } = statusReport("ours", shown, settings);
  assert.deepEqual(troubles.slice(2), [
    "98:/data on main is 98 % full",
    "redis.ca expired on 2026-11-24: a newer one",
    "no scheduler runs",
  ]);
  assert.equal(warnings[0], "97:/data on main is 97 % full");
});

test("the page shows waiting runs, warnings and troubles", () => {
  const page = pageOf(look, report);
  assert.ok(
    page.includes(`
dag  run  waits      for    because
d    r    2 task(s)  1 min  the DAG is paused
and 57 more, which have waited for less time
`),
    page,
  );
  assert.match(page, /^Revision of dags: 0a1b2c3d, read 5 s ago$/m);
  assert.doesNotMatch(page, /Revision of folder/);
  assert.match(
    page,
    /^Needs attention soon:\n {2}redis:\/data on main is 90 % full\n {2}redis on main was out of memory/m,
  );
  assert.match(page, /^Troubles: big does not answer; .*; the last proof failed\.$/m);
});

function container(restarts: number, state: object): readonly [number, string | undefined] {
  const inspected = {
    RestartCount: restarts,
    Name: "/airflow-unit-redis",
    Config: { Image: "redis" },
    HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
    State: {
      Status: "running",
      ExitCode: 0,
      StartedAt: at.toISOString(),
      FinishedAt: at.toISOString(),
      ...state,
    },
  } satisfies Inspected;
  const { restarts: count, reason } = containerInstance(inspected, "airflow-unit");
  return [count, reason];
}

test("the reason of a container's restart is the memory, the health check, or its exit code", () => {
  const asked = { ExitCode: 1, Output: "no answer\nunhealthy for 16 s: restarting\n" };
  const Health = { Status: "healthy", Log: [asked, { ExitCode: 0, Output: "" }] };
  assert.deepEqual(container(0, { Health }), [0, undefined]);
  assert.deepEqual(container(2, { OOMKilled: true, Health }), [2, "out of memory"]);
  assert.deepEqual(container(1, { Health }), [1, "no answer; unhealthy for 16 s: restarting"]);
  assert.deepEqual(container(3, { Status: "restarting", ExitCode: 4 }), [3, "exit code 4"]);
  assert.deepEqual(container(1, {}), [1, "its process ended; see its log"]);
});

test("the reason of a pod's restart comes from the cluster", () => {
  const pod = (reason: string, exitCode: number) => ({
    metadata: { name: "redis-0", creationTimestamp: at.toISOString() },
    spec: { nodeName: "node-a", containers: [{ image: "redis" }] },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          ready: true,
          state: { running: { startedAt: at.toISOString() } },
          restartCount: 2,
          lastState: { terminated: { exitCode, reason, finishedAt: at.toISOString() } },
        },
      ],
    },
  });
  const restarts = podFacts([pod("OOMKilled", 137), pod("Error", 1)]).flatMap((node) =>
    "cause" in node ? [] : node.instances.map(({ restarts, reason }) => [restarts, reason]),
  );
  assert.deepEqual(restarts, [
    [2, "out of memory"],
    [2, "exit code 1"],
  ]);
});

test("a command runs in a running instance of the role, under its own name or a longer one", () => {
  const instance = (name: string, state = "running") => ({ ...redis, name, state });
  const machines = [
    { name: "lost", cause: "no route" },
    {
      name: "main",
      instances: [instance("scheduler-1", "exited"), instance("schedulers"), instance("scheduler-2")],
    },
  ];
  assert.deepEqual(runningOf(machines, "scheduler"), {
    machine: "main",
    name: "scheduler-2",
    since: redis.since,
  });
  assert.equal(runningOf(machines, "flower"), undefined);
});
