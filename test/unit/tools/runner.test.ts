import assert from "node:assert/strict";
import { test } from "node:test";
import { noticing, reachedBy } from "../../runner/changed.ts";
import { type Job, jobsOf, type Need, suiteOf, testFiles } from "../../runner/jobs.ts";
import { calmSeconds, idleBetween } from "../../runner/pace.ts";
import { table } from "../../runner/report.ts";
import { next } from "../../runner/schedule.ts";

const all = jobsOf(testFiles());
const named = (name: string) =>
  all.find((job) => job.name === name || job.name === `test/live/${name}.test.ts`) ?? assert.fail(name);
const everything = new Set<Need>(["engine", "airflow2", "cluster", "machines", "scanners"]);

function begins(waiting: readonly Job[], running: readonly Job[], idle = 1, met = everything) {
  return next({ waiting, running, met, idle })?.name;
}

test("every file of tests is in exactly one job", () => {
  assert.deepEqual(all.flatMap(({ files }) => files).sort(), testFiles().sort());
  for (const job of all) for (const file of job.files) assert.equal(suiteOf(file), job.suite);
});

test("jobs start in order, once their needs are met", () => {
  assert.equal(begins(all, [], 1, new Set()), "unit");
  const [unit, ...rest] = all as [Job, ...Job[]];
  assert.equal(begins(rest, [unit], 1, new Set()), undefined);
  assert.equal(begins(rest, [unit]), "test/live/machines/machines.test.ts");
  assert.equal(begins(rest, [unit], 1, new Set(["engine"])), "test/live/docker/faults.test.ts");
});

test("jobs that compute run one after another, beside live tests", () => {
  const [unit, scan] = [named("unit"), named("scan")];
  assert.equal(begins([scan], [unit]), undefined);
  assert.equal(begins([scan], [named("docker/faults")], 0), "scan");
});

const docker = all.filter((job) => job.suite === "live" && job.inCluster === "no");

test("two jobs run side by side on a busy machine, and up to four while it has room", () => {
  const [first, second, third, fourth, fifth] = docker as [Job, Job, Job, Job, Job];
  assert.equal(begins([second], [first], 0), second.name);
  assert.equal(begins([third], [first, second], 0.09), undefined);
  assert.equal(begins([third], [first, second], 0.1), third.name);
  assert.equal(begins([fourth], [first, second, third], 0.3), undefined);
  assert.equal(begins([fourth], [first, second, third], 0.4), fourth.name);
  assert.equal(begins([fifth], [first, second, third, fourth]), undefined);
});

test("a place is held for a job that waits for its cluster", () => {
  const deploying = named("kubernetes/deploying");
  const [first, second, third] = docker as [Job, Job, Job];
  const engine = new Set<Need>(["engine", "airflow2", "machines"]);
  assert.equal(begins([deploying, second], [first], 1, engine), second.name);
  assert.equal(begins([deploying, third], [first, second], 1, engine), undefined);
  assert.equal(begins([deploying, third], [first, second]), deploying.name);
});

test("the cluster runs two jobs at a time, and the loss of a node only after the others", () => {
  const [node, deploying, faults, parity] = [
    "kubernetes/node",
    "kubernetes/deploying",
    "kubernetes/faults",
    "kubernetes/parity",
  ].map(named) as [Job, Job, Job, Job];
  assert.equal(begins([node, parity], [deploying, faults]), undefined);
  assert.equal(begins([node, parity], [deploying]), parity.name);
  assert.equal(begins([node], [deploying]), undefined);
  assert.equal(begins([node], []), node.name);
});

test("the idle share is computed over all cores", () => {
  const before = { busy: 10, idle: 10 };
  assert.equal(idleBetween(before, { busy: 13, idle: 11 }), 0.25);
  assert.equal(idleBetween(before, before), 0);
});

test("a change selects the tests that reach it through imports and commands", async () => {
  const edges = new Map([
    ["a.test.ts", ["a.ts"]],
    ["a.ts", ["b.py"]],
    ["b.test.ts", ["b.ts"]],
  ]);
  const tests = ["a.test.ts", "b.test.ts"];
  assert.deepEqual(noticing(tests, ["b.py"], edges), ["a.test.ts"]);
  assert.deepEqual(noticing(tests, ["docs/decisions.md"], edges), []);
  // A file whose use is unknown runs all tests.
  assert.deepEqual(noticing(tests, ["unknown.bin"], edges), tests);
});

test("changed parts of the project reach the tests that a reader would name", async () => {
  const tests = testFiles();
  const reached = (file: string) => reachedBy(tests, [file]);
  const deploying = tests.filter((file) => suiteOf(file) === "live" && !file.endsWith("/known.test.ts"));
  for (const file of [
    "components/roles/worker.ts",
    "components/roles/start/start.py",
    "index.ts",
    "platforms/docker/probe.sh",
    "platforms/progress.sh",
  ]) {
    const noticed = await reached(file);
    assert.deepEqual(
      deploying.filter((test) => !noticed.includes(test)),
      [],
      file,
    );
  }
  // Written in parts, so that this file does not name the other one.
  const test = `test/unit/components/${"redis"}.test.ts`;
  assert.deepEqual(await reached(test), [test]);
  const ofLab = await reached("test/lab/boot.sh");
  assert.ok(ofLab.includes("test/live/kubernetes/faults.test.ts"));
  assert.ok(!ofLab.includes("test/live/docker/faults.test.ts"));
});

test("the table of costs begins with the longest job", () => {
  const costs = (seconds: number) => [["whole", { seconds, cpu: 2 * seconds }]] as const;
  const lines = table(
    new Map([
      ["short", costs(1)],
      ["long", costs(20)],
    ]),
  ).split("\n");
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(/ {2,}/)),
    [
      ["long", "20 s / 40"],
      ["short", "1 s / 2"],
    ],
  );
});

test("a limit's seconds count in full on a calm machine, and a quarter on a busy one", () => {
  let [at, busy, idle] = [0, 0, 0];
  const read = calmSeconds(
    () => ({ busy, idle }),
    () => at,
  );
  /** Lets seconds pass, in which a share of the machine's two cores is idle. */
  const pass = (seconds: number, idleShare: number) => {
    at += seconds * 1000;
    idle += seconds * 2000 * idleShare;
    busy += seconds * 2000 * (1 - idleShare);
    return read();
  };
  assert.equal(pass(10, 1), 10);
  assert.equal(pass(10, 0.5), 20);
  assert.equal(pass(10, 0), 22.5);
  assert.ok(Math.abs(pass(10, 0.15) - 27.5) < 1e-9);
});
