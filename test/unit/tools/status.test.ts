import assert from "node:assert/strict";
import { test } from "node:test";
import { machinesOf } from "../../../platforms/machines.ts";
import { masked } from "../../../settings/model/urls/mask.ts";
import { news } from "../../../tools/lib/deployment/waiting.ts";
import { type Pod, podFacts } from "../../../tools/lib/status/cluster.ts";
import { containerInstance, type Inspected } from "../../../tools/lib/status/engine.ts";
import { declaredInCluster, expected, withMissing } from "../../../tools/lib/status/expected.ts";
import type { Instance, TaskFacts } from "../../../tools/lib/status/facts.ts";
import { queueFacts } from "../../../tools/lib/status/load.ts";
import { lastProof, unreadQueues, withHeld } from "../../../tools/lib/status/queues.ts";
import {
  memoryWarnings,
  type StatusFacts,
  short,
  statusTable,
  troubles,
} from "../../../tools/lib/status/table.ts";
import { controlRoles } from "../../roleNames.ts";
import { cluster } from "../cluster.ts";
import { declare, stateOf } from "../mocks.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";

const now = new Date("2026-11-24T12:00:00Z");

function before(seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000);
}

function healthy(name: string, image: string, seconds: number): Instance {
  return {
    name,
    state: "running",
    health: "healthy",
    image,
    since: before(seconds),
    restarts: 0,
    fine: true,
  };
}

const airflow = "airflow-on-celery/airflow:3.3.2-f5e69815d6f5";
const registry = `registry.example.com:5000/team/airflow@sha256:${"0123456789ab".padEnd(64, "f")}`;

const tasks: TaskFacts = {
  workers: {
    "worker-main-1": { queues: ["default"], running: {}, places: 16 },
    "worker-big-10": { queues: ["gpu", "default"], running: { gpu: 1, default: 12 }, places: 16 },
    "worker-big-2": null,
  },
  queued: { default: 3, idle: 0, nobody: 2 },
};

const facts: StatusFacts = {
  machines: [
    {
      name: "main",
      instances: [
        healthy("worker-main-1", airflow, 59),
        healthy("redis", "airflow-on-celery/redis:7-ba5e2b1beea1", 3 * 86400),
        { ...healthy("migration", airflow, 3600), state: "exited", health: "0" },
      ],
    },
    {
      name: "big",
      instances: [
        healthy("worker-big-10", registry, 47 * 3600),
        {
          ...healthy("worker-big-2", registry, 60),
          health: "unhealthy",
          restarts: 2,
          reason: "out of memory",
          fine: false,
        },
        { name: "worker-gpu-big", state: "missing", health: "", image: "", restarts: 0, fine: false },
      ],
    },
    { name: "lost", cause: "ssh: connect to host 10.0.0.13 port 22: No route to host" },
  ],
  tasks,
  queues: queueFacts(tasks, { default: 90.4, nobody: 7200 }, ["nobody"]),
};

test("machines, instances, workers' tasks and queues are shown in two tables", () => {
  assert.equal(
    statusTable(facts, now),
    `
machine  instance        state    health     image                       since      restarts         queues       running
main     migration       exited   0          airflow:3.3.2-f5e69815d6f5  1 h ago
main     redis           running  healthy    redis:7-ba5e2b1beea1        3 d ago
main     worker-main-1   running  healthy    airflow:3.3.2-f5e69815d6f5  59 s ago                    default      0 of 16
big      worker-big-2    running  unhealthy  airflow@0123456789ab        1 min ago  2 out of memory  ?            ?
big      worker-big-10   running  healthy    airflow@0123456789ab        47 h ago                    default,gpu  13 of 16
big      worker-gpu-big  missing
lost     does not answer: ssh: connect to host 10.0.0.13 port 22: No route to host

queue    queued  oldest  running  workers  free places
default  3       1 min   12       2        19 of 32
gpu      0               1        1        3 of 16
idle     0               0        0        0 of 0
nobody   2       2 h     0        0        0 of 0       no worker reads it`.trimStart(),
  );
});

test("an image with a tag and a digest is shown by its digest, which is not masked as a login", () => {
  const name = short(`127.0.0.1:5000/team/airflow:3.3.2@sha256:0123456789ab${"0".repeat(52)}`);
  assert.equal(masked(`running  ${name}  now`), "running  airflow@0123456789ab  now");
  assert.equal(short("registry.test:5000/airflow:3.3.2-1a2b"), "airflow:3.3.2-1a2b");
});

test("problems and memory warnings are named", () => {
  assert.deepEqual(troubles(facts), [
    "worker-big-2 on big is running (unhealthy)",
    "worker-gpu-big on big is missing",
    "lost does not answer",
    "2 task(s) wait in queue nobody, which no worker reads",
  ]);
  assert.deepEqual(troubles({ ...facts, machines: facts.machines.slice(0, 1), queues: [] }), []);
  assert.deepEqual(memoryWarnings(facts.machines), [
    "worker-big-2 on big was out of memory: give its role or its group a higher memory limit",
  ]);
});

test("queues without a reader are found, unless a silent worker or an autoscaler may read them", () => {
  const group = (queue: string, workers: string[] | null) => ({
    name: queue,
    queues: [queue],
    workers,
    places: 4,
  });
  const groups = [group("gpu", ["worker-gpu-1"]), group("scaled", null)];
  const reported = {
    workers: { "worker-1": { queues: ["default"], running: {}, places: 4 } },
    queued: { default: 3 },
  };
  const held = { default: 4, gpu: 1, scaled: 1, nobody: 2 };
  const tasks = withHeld(reported, { held });
  assert.deepEqual(tasks, { ...reported, queued: { default: 4, gpu: 1, scaled: 1, nobody: 2 } });
  assert.deepEqual(unreadQueues(tasks, groups), ["gpu", "nobody"]);
  const silent = { ...tasks, workers: { ...reported.workers, "worker-gpu-1": null } };
  assert.deepEqual(unreadQueues(silent, groups), ["nobody"]);
});

test("queues of a running proof are left out; queues that the last one left are reported", () => {
  const queue = "airflow_on_celery.canary.worker-1.1";
  const reported = {
    workers: { "worker-1": { queues: ["default", queue], running: { [queue]: 1, default: 1 }, places: 4 } },
    queued: { [queue]: 1, default: 0 },
  };
  assert.deepEqual(withHeld(reported, { held: {} }), {
    workers: { "worker-1": { queues: ["default"], running: { default: 1 }, places: 4 } },
    queued: { default: 0 },
  });
  const at = "2026-01-02T03:04:05.678+00:00";
  const line = (proof: { success?: number; faults: string[] } | null) =>
    lastProof({ proof: proof && { at, ...proof } });
  assert.equal(line(null), undefined);
  assert.equal(line({ success: 6, faults: [] }), "Last proof, at 2026-01-02 03:04 UTC: 6 trials passed");
  const faults = [
    "worker worker-2: the worker does not answer over the broker within 30 s",
    "queue gpu: no worker reads the queue",
  ];
  assert.equal(
    line({ success: 4, faults }),
    `Last proof, at 2026-01-02 03:04 UTC: FAILED: ${faults.join("; ")}`,
  );
});

test("the status shows machines even without Flower", () => {
  const without: StatusFacts = {
    machines: [{ name: "local", instances: [healthy("worker-1", airflow, 0)] }],
    tasks: { cause: "Flower does not run" },
    queues: [],
  };
  assert.equal(
    statusTable(without, now),
    `
machine  instance  state    health   image                       since    restarts  queues  running
local    worker-1  running  healthy  airflow:3.3.2-f5e69815d6f5  0 s ago

Queues and tasks are unknown: Flower does not run`.trimStart(),
  );
  assert.deepEqual(troubles(without), ["queues and tasks are unknown"]);
});

function container(
  state: Partial<Inspected["State"]>,
  restart = "unless-stopped",
  RestartCount = 0,
): Instance {
  const inspected: Inspected = {
    RestartCount,
    Name: "/airflow-unit-scheduler-1",
    Config: { Image: airflow },
    HostConfig: { RestartPolicy: { Name: restart } },
    State: {
      Status: "running",
      ExitCode: 0,
      StartedAt: "2026-11-24T11:00:00.123456789Z",
      FinishedAt: "2026-11-24T11:30:00.123456789Z",
      ...state,
    },
  };
  return containerInstance(inspected, "airflow-unit");
}

const started = "2026-11-24T11:00:00.123Z";
const finished = "2026-11-24T11:30:00.123Z";
const containers: [
  what: string,
  Instance,
  state: string,
  health: string,
  since: string | undefined,
  fine: boolean,
][] = [
  ["a healthy service", container({ Health: { Status: "healthy" } }), "running", "healthy", started, true],
  [
    "a starting service",
    container({ Health: { Status: "starting" } }),
    "running",
    "starting",
    started,
    false,
  ],
  ["a stopped service", container({ Status: "exited" }), "exited", "0", finished, false],
  ["a crashing service", container({ Status: "restarting", ExitCode: 1 }), "restarting", "", started, false],
  ["a service that never started", container({ Status: "created" }), "created", "", undefined, false],
  ["a finished job", container({ Status: "exited" }, "no"), "exited", "0", finished, true],
  ["a failed job", container({ Status: "exited", ExitCode: 3 }, "no"), "exited", "3", finished, false],
  ["a running job", container({}, "no"), "running", "", started, true],
];

for (const [what, instance, state, health, since, fine] of containers) {
  test(`the container of ${what} is ${fine ? "fine" : "not fine"}`, () => {
    const { since: at, ...rest } = instance;
    assert.deepEqual(rest, { name: "scheduler-1", state, health, image: airflow, restarts: 0, fine });
    assert.equal(at?.toISOString(), since);
  });
}

test("restarts of an unhealthy container are reported", () => {
  const outputOf = (Status: string, health: string) =>
    container({ Status, Health: { Status: health } }, "unless-stopped", 3).output;
  assert.equal(outputOf("restarting", "unhealthy"), "restarts: 3");
  assert.equal(outputOf("running", "starting"), "restarts: 3");
  assert.equal(outputOf("running", "healthy"), undefined);
});

test("why a container did not start is reported, with the remedy for an address that came late", () => {
  const failed = (why: string) => container({ Status: "exited", ExitCode: 128, Error: why });
  const bind = "failed to bind host port 10.0.0.1:8443/tcp: cannot assign requested address";
  const instances = [failed("no space left on device\n"), failed(bind)];
  assert.deepEqual(troubles({ machines: [{ name: "big", instances }], tasks, queues: [] }), [
    "scheduler-1 on big is exited (128): no space left on device",
    `scheduler-1 on big is exited (128): ${bind}; the machine did not have the address when Docker started: ` +
      "run docker start airflow-unit-scheduler-1 there, and see docs/machines.md",
  ]);
});

const full = "MISCONF Errors writing to the AOF file: No space left on device";

test("the output of a container's last health check is reported, whether it is healthy or not", () => {
  const checked = (Status: string, ...outputs: string[]) =>
    container({ Health: { Status, Log: outputs.map((Output) => ({ ExitCode: 0, Output })) } });
  const instances = [
    checked("healthy", "before\n", `${full}\n`),
    checked("unhealthy", "no answer\n\nunhealthy for 16 s: restarting\n"),
    checked("healthy", "before\n", ""),
  ];
  assert.deepEqual(troubles({ machines: [{ name: "local", instances }], tasks, queues: [] }), [
    `scheduler-1 on local is running (healthy): ${full}`,
    "scheduler-1 on local is running (unhealthy): no answer; unhealthy for 16 s: restarting",
  ]);
});

test("while a deployment waits, each message of a health check is reported once", () => {
  const machinesWith = (text: string) => [
    { name: "one", cause: "gone" },
    {
      name: "two",
      instances: [{ ...healthy("postgres", airflow, 1), output: text }, healthy("redis", airflow, 1)],
    },
  ];
  const printed = new Set<string>();
  assert.deepEqual(news(machinesWith("recovers 1"), printed), ["  postgres on two: recovers 1"]);
  assert.deepEqual(news(machinesWith("recovers 1"), printed), []);
  assert.deepEqual(news(machinesWith("recovers 2"), printed), ["  postgres on two: recovers 2"]);
});

type Status = NonNullable<Pod["status"]["containerStatuses"]>[number];

const startedAt = "2026-11-24T11:00:00Z";
const finishedAt = "2026-11-24T11:30:00Z";
const serving: Status = { ready: true, started: true, state: { running: { startedAt } } };

function pod(
  phase: string,
  status?: Status,
  more: { ready?: boolean; leaving?: string; job?: string; set?: true } = {},
): Pod {
  const { ready = status?.ready === true, leaving, job, set } = more;
  return {
    metadata: {
      name: "scheduler-0",
      creationTimestamp: "2026-11-24T10:00:00Z",
      ...(leaving !== undefined && { deletionTimestamp: leaving }),
      ownerReferences: [
        job === undefined
          ? { kind: set ? "StatefulSet" : "ReplicaSet", name: "x" }
          : { kind: "Job", name: job },
      ],
    },
    spec: { nodeName: "node-a", containers: [{ image: registry }] },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      ...(status && { containerStatuses: [status] }),
    },
  };
}

const ended = (exitCode: number): Status => ({
  ready: false,
  state: { terminated: { exitCode, finishedAt } },
});
const crashing: Status = { ready: false, state: { waiting: { reason: "CrashLoopBackOff" } } };
const starting: Status = { ...serving, ready: false, started: false };
const past = { leaving: "2026-11-24T11:59:59Z" };
const future = { leaving: "2026-11-24T12:00:01Z", set: true } as const;
const unschedulable: Pod = {
  ...pod("Pending"),
  status: {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
  },
};

const pods: [what: string, Pod, state: string, health: string, since: string, fine: boolean][] = [
  ["a serving pod", pod("Running", serving), "running", "healthy", "11:00", true],
  ["a pod of a lost node", pod("Running", serving, { ready: false }), "running", "unhealthy", "11:00", false],
  ["a starting pod", pod("Running", starting), "running", "starting", "11:00", false],
  ["a crashing pod", pod("Running", crashing), "CrashLoopBackOff", "", "10:00", false],
  ["a pod without a node", unschedulable, "Unschedulable", "", "10:00", false],
  ["a terminating pod", pod("Running", serving, past), "terminating", "healthy", "11:00", true],
  [
    "a pod of a StatefulSet that should have ended",
    pod("Running", serving, { ...past, set: true }),
    "terminating",
    "healthy",
    "11:00",
    false,
  ],
  [
    "a pod of a StatefulSet that is ending",
    pod("Running", { ...serving, ready: false }, future),
    "terminating",
    "unhealthy",
    "11:00",
    true,
  ],
  [
    "a pod of a StatefulSet that is to end on a lost node",
    pod("Running", serving, { ...future, ready: false }),
    "terminating",
    "unhealthy",
    "11:00",
    false,
  ],
  ["a pod that its node has ended", pod("Failed", ended(137)), "failed", "137", "11:30", true],
  ["the pod of a finished job", pod("Succeeded", ended(0), { job: "a" }), "succeeded", "0", "11:30", true],
  ["the pod of a failed job", pod("Failed", ended(1), { job: "a" }), "failed", "1", "11:30", false],
  ["the pod of a running job", pod("Running", starting, { job: "a" }), "running", "starting", "11:00", true],
];

for (const [what, given, state, health, time, fine] of pods) {
  test(`${what} is ${fine ? "fine" : "not fine"}`, () => {
    const since = new Date(`2026-11-24T${time}:00Z`);
    assert.deepEqual(podFacts([given], [], [], new Date("2026-11-24T12:00:00Z")), [
      {
        name: "node-a",
        instances: [{ name: "scheduler-0", state, health, image: registry, since, restarts: 0, fine }],
      },
    ]);
  });
}

test("a failed pod of a job is fine once another pod of the job has succeeded", () => {
  const others = [pod("Failed", ended(1), { job: "a" }), pod("Succeeded", ended(0), { job: "a" })];
  const fine = podFacts([...others, pod("Failed", ended(1), { job: "b" })]).flatMap((node) =>
    "cause" in node ? [] : node.instances.map((instance) => instance.fine),
  );
  assert.deepEqual(fine, [true, true, false]);
});

test("a pod that a Deployment or a StatefulSet cannot make is missing", () => {
  const controller = (name: string, replicas: number, made?: number) => ({
    metadata: { name },
    spec: { replicas },
    status: made === undefined ? {} : { replicas: made },
  });
  const controllers = [
    controller("worker", 3, 2),
    controller("flower", 1),
    controller("redis", 1, 1),
    controller("worker-gpu", 0),
  ];
  const [node, ...others] = podFacts([], controllers);
  assert.deepEqual(others, []);
  assert.deepEqual(
    node && "instances" in node && node.instances.map(({ name, state, fine }) => [name, state, fine]),
    [
      ["worker", "missing", false],
      ["flower", "missing", false],
    ],
  );
});

test("a workload of a cluster that was deleted, or scaled below what the stack declares, is missing", () => {
  const scaled = (name: string, replicas: number) => ({
    metadata: { name },
    spec: { replicas },
    status: replicas > 0 ? { replicas } : {},
  });
  const declared = [
    { name: "flower", least: 1 },
    { name: "scheduler", least: 1 },
    { name: "webserver", least: 3 },
    { name: "worker", least: 0 },
    { name: "worker-gpu", least: 2 },
  ];
  const controllers = [
    scaled("scheduler", 0),
    scaled("webserver", 2),
    scaled("worker", 0),
    scaled("worker-gpu", 5),
  ];
  const machines = podFacts([], controllers, declared);
  assert.deepEqual(troubles({ machines, tasks, queues: [] }), [
    "scheduler on no node is missing: scaled to 0, the stack declares 1",
    "webserver on no node is missing: scaled to 2, the stack declares 3",
    "flower on no node is missing",
  ]);
});

test("the state of a stack in a cluster tells how many instances each workload has at least", async () => {
  const groups = {
    workerAutoscale: { min: 0, max: 4 },
    workerGroups: [{ name: "gpu", queues: ["gpu"], workers: 2 }],
  };
  const { deployment } = stateOf(await declare({ ...cluster, ...groups, webservers: 2 }));
  const old = {
    urn: "urn:pulumi:unit::airflow::x::old",
    type: "kubernetes:apps/v1:Deployment",
    delete: true,
  };
  const found = declaredInCluster({ deployment: { resources: [...(deployment.resources ?? []), old] } });
  const single = controlRoles.filter((role) => !["webserver", "migration"].includes(role));
  assert.deepEqual(
    Object.fromEntries(found.map(({ name, least }) => [name, least])),
    Object.fromEntries([
      ...[...single, "postgres", "redis"].map((name) => [name, 1]),
      ...[
        ["webserver", 2],
        ["worker", 0],
        ["worker-gpu", 2],
      ],
    ]),
  );
});

test("nodes are listed by name, and pods without a node come last", () => {
  const on = (nodeName?: string): Pod => ({
    ...pod("Running", serving),
    spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
  });
  assert.deepEqual(
    podFacts([on("b"), on(), on("a")]).map(({ name }) => name),
    ["a", "b", "no node"],
  );
});

/** Lists the containers that the status expects of a stack, sorted, by machine. */
async function expectedOf(config: Config): Promise<Record<string, string[]>> {
  const machines = machinesOf(settingsFor(config));
  const found = expected(stateOf(await declare(config)), "airflow-unit", machines);
  return Object.fromEntries([...found].map(([machine, names]) => [machine, names.toSorted()]));
}

test("a stack without machines expects all instances on the local engine", async () => {
  assert.deepEqual(await expectedOf({ workers: 2, schedulers: 2 }), {
    local: [
      ...controlRoles.filter((role) => role !== "scheduler"),
      ...["postgres", "redis", "scheduler-1", "scheduler-2", "worker-1", "worker-2"],
    ].sort(),
  });
});

test("jobs of a stack are expected too", async () => {
  const { local } = await expectedOf({ workers: 1, variables: { a: "b" } });
  assert.deepEqual(local, [...controlRoles, "declarations", "postgres", "redis", "worker-1"].sort());
});

test("a stack with machines expects on each its own instances, a gateway and a copy of the DAGs", async () => {
  const machines = [
    { name: "main", docker: "unix:///var/run/docker.sock", address: "10.0.0.10", workers: 1 },
    { name: "big", docker: "ssh://airflow@10.0.0.11", address: "10.0.0.11", workers: { default: 2, gpu: 1 } },
    { name: "data", docker: "ssh://airflow@10.0.0.12", address: "10.0.0.12", roles: ["postgres", "redis"] },
  ];
  assert.deepEqual(await expectedOf({ machines, workerGroups: [{ name: "gpu", queues: ["gpu"] }] }), {
    main: [...controlRoles, "dags", "gateway", "worker-main-1"].sort(),
    big: ["dags", "gateway", "worker-big-1", "worker-big-2", "worker-gpu-big-1"],
    data: ["gateway", "postgres", "redis"],
  });
});

test("a container with a successor, and a job that has succeeded, are not expected", () => {
  const container = (name: string, more = {}) => ({
    urn: `urn:pulumi:unit::airflow::docker:index/container:Container::${name}`,
    type: "docker:index/container:Container",
    inputs: { name: `airflow-unit-${name}` },
    ...more,
  });
  const job = (name: string, exitCode: number) =>
    container(name, { inputs: { name: `airflow-unit-${name}`, attach: true }, outputs: { exitCode } });
  const resources = [
    container("redis"),
    container("flower", { delete: true }),
    job("migration", 0),
    job("check", 1),
  ];
  const found = expected({ deployment: { resources } }, "airflow-unit", []);
  assert.deepEqual([...found], [["local", ["redis", "check"]]]);
});

test("a container on a machine that was removed from the stack file is not expected on the first machine", () => {
  const on = (provider: string, name: string) => ({
    urn: name,
    type: "docker:index/container:Container",
    provider: `urn:pulumi:unit::airflow::pulumi:providers:docker::${provider}::1a2b`,
    inputs: { name: `airflow-unit-${name}` },
  });
  const resources = [on("docker", "redis"), on("docker-big", "worker-big-1")];
  const machines = [{ name: "main", docker: "unix:///run/docker.sock", address: "10.0.0.1" }];
  const found = expected({ deployment: { resources } }, "airflow-unit", machines);
  assert.deepEqual(found.get("main"), ["redis"]);
});

test("an absent container is missing, unless its machine does not answer", () => {
  const there = { name: "main", instances: [healthy("redis", airflow, 0)] };
  assert.deepEqual(withMissing(there, ["redis", "flower"]), {
    name: "main",
    instances: [
      healthy("redis", airflow, 0),
      { name: "flower", state: "missing", health: "", image: "", restarts: 0, fine: false },
    ],
  });
  const lost = { name: "lost", cause: "no route" };
  assert.equal(withMissing(lost, ["redis"]), lost);
});
