import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setFlags } from "../../../deploymentFlags.ts";
import { Stack } from "../../../tools/lib/stack.ts";
import {
  changes,
  type Deployment,
  deploymentTable,
  forgetDeployments,
  noteDeployment,
  picked,
  withDeployment,
} from "../../../tools/lib/upgrade/deployments.ts";
import { drain } from "../../../tools/lib/upgrade/drain.ts";
import { copyOf, cutOff, keptOf } from "../../../tools/lib/upgrade/record.ts";
import { withVersion } from "../../../tools/lib/upgrade/stackVersion.ts";
import type { Upgrade } from "../../../tools/lib/upgrade/upgrade.ts";
import { checkVersions, postgresFault, postgresMajor } from "../../../tools/upgrade/guard.ts";
import { textFor } from "../../../tools/upgrade/textFor.ts";

const upgrade: Upgrade = { from: "2.11.2", to: "3.3.2", step: "pausing", before: "a", after: "b" };

test("an upgrade is kept beside the state for its owner, and gone with its copy of the backup", () => {
  const state = join(mkdtempSync(join(tmpdir(), "airflow-kept-")), "state");
  const stack = new Stack("kept", "/nowhere", state);
  assert.equal(
    cutOff(stack, () => false),
    undefined,
  );
  keptOf(stack).write(upgrade);
  const file = join(state, "upgrade.kept.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    cutOff(stack, () => false),
    upgrade,
  );
  assert.deepEqual(
    cutOff(stack, (pid) => pid === process.pid),
    upgrade,
  );
  writeFileSync(file, JSON.stringify({ ...upgrade, pid: 4711 }));
  assert.throws(() => cutOff(stack, (pid) => pid === 4711), /is being upgraded to 3\.3\.2 by process 4711/);
  const locks = join(state, ".pulumi/locks/organization/airflow/kept");
  mkdirSync(locks, { recursive: true });
  keptOf(stack).write(upgrade);
  const lock = (pid: number) =>
    writeFileSync(join(locks, "lock.json"), JSON.stringify({ pid, hostname: hostname() }));
  lock(process.pid);
  assert.throws(() => cutOff(stack, () => false), /the deployment that it had started still runs; wait/);
  lock(2 ** 30);
  assert.deepEqual(
    cutOff(stack, () => false),
    upgrade,
  );
  writeFileSync(copyOf(stack), "");
  keptOf(stack).remove();
  assert.ok(!existsSync(file) && !existsSync(copyOf(stack)));
});

test("a version is named in a stack file of which all else stays", () => {
  const text =
    'config: # ours\n  airflow:version: "2.11.2" # not yet\n  airflow:backup: {every: 6h,   keep: 3}\n';
  assert.equal(withVersion(text, "3.3.2"), text.replace('"2.11.2"', "3.3.2"));
  assert.equal(withVersion(text.replace('"2.11.2"', "2.11.2"), "3.3.2"), text.replace('"2.11.2"', "3.3.2"));
  const without = "config:\n  # two\n  airflow:workers: 2\n";
  assert.equal(withVersion(without, "2.11.2"), `${without}  airflow:version: 2.11.2\n`);
});

function made(number: number, text: string, more: Partial<Deployment> = {}): Deployment {
  const at = `2026-01-01T00:${String(number).padStart(2, "0")}:00Z`;
  return { number, at, who: "ann@host", version: "3.3.2", images: { airflow: "a:1" }, text, ...more };
}

const one = made(1, "config: { airflow:workers: 1 }\n");
const two = made(2, "config: { airflow:workers: 2 }\n", { images: { airflow: "a:2" }, revision: "abc" });

test("ten deployments are kept; a deployment without changes does not count", () => {
  const { number, ...same } = two;
  assert.deepEqual(withDeployment([two, one], { ...same, at: "later", who: "bob@host" }), [two, one]);
  assert.deepEqual(withDeployment([], { ...same }), [{ ...two, number: 1 }]);
  const many = Array.from({ length: 12 }, (_, at) => `config: { airflow:workers: ${at} }\n`).reduce(
    (known: readonly Deployment[], text) => withDeployment(known, { ...same, text }),
    [],
  );
  assert.deepEqual(
    many.map((kept) => kept.number),
    [12, 11, 10, 9, 8, 7, 6, 5, 4, 3],
  );
});

test("a deployment is listed with what it changed", () => {
  assert.deepEqual(changes(two, one), ["workers", "image of airflow", "project abc"]);
  assert.deepEqual(changes({ ...one, text: `${one.text}# why\n` }, one), ["secrets or comments"]);
  const [, second, first] = deploymentTable([two, one], new Date("2026-01-01T01:02:00Z")).split("\n");
  assert.match(second ?? "", /^2 +1 h ago +ann@host +3\.3\.2 +workers, image of airflow, project abc$/);
  assert.match(first ?? "", /^1 +.* the oldest that is kept$/);
});

test("the way back leads to the latest deployment that is another one, or to the one of a number", () => {
  assert.equal(picked([two, one], undefined, two), one);
  assert.equal(picked([two, one], undefined, { ...two, text: "config: {}\n" }), two);
  assert.equal(picked([two, one], "1", two), one);
  assert.throws(() => picked([two, one], "7", two), /There is no deployment 7; expected .*: 2, 1\.$/);
  assert.throws(() => picked([two], undefined, two), /No recorded deployment differs/);
});

test("running tasks are waited for, and named; after the limit they are left to their workers", async () => {
  const task = { dag_id: "stocks", task_id: "load", hostname: "worker-1" };
  const told: string[] = [];
  const pages = [[task], []];
  const api = { call: async <T>() => ({ task_instances: pages.shift() ?? [] }) as T };
  await drain(api, 60, (line) => told.push(line));
  assert.deepEqual(told, ["  1 still run: stocks.load on worker-1"]);
  const busy = { call: async <T>() => ({ task_instances: Array.from({ length: 7 }, () => task) }) as T };
  await drain(busy, 0, (line) => told.push(line));
  assert.match(
    told[1] ?? "",
    /^ {2}after 0 s these still run, .*: (stocks\.load on worker-1, ){4}.* and 2 more$/,
  );
});

test("images that this project would make otherwise are named, without packages that they have already", () => {
  const text = "config:\n  airflow:requirements: r.txt\n  # two\n  airflow:workers: 2\n";
  const images = { airflow: "a:1", redis: "r:1" };
  const settings = (made: object) => ({ images: { ...images, ...made } }) as never;
  assert.equal(textFor({ text, images }, settings({})), text);
  assert.equal(
    textFor({ text, images }, settings({ airflow: "a:2" })),
    "config:\n  # two\n  airflow:workers: 2\n  airflow:images:\n    airflow: a:1\n",
  );
  assert.match(
    textFor({ text, images }, settings({ redis: "r:2" })),
    /requirements: r\.txt[\s\S]*airflow:images:\n {4}redis: r:1\n$/,
  );
});

test("a Postgres of another major version is refused if its tag shows it", () => {
  const digest = `@sha256:${"0".repeat(64)}`;
  const majors = [
    "postgres:16",
    "r:5000/postgres:16.10-bookworm",
    `postgres:16.1${digest}`,
    "a/postgres:16-0a1b",
  ];
  assert.deepEqual(majors.map(postgresMajor), ["16", "16", "16", "16"]);
  for (const image of [
    `r:5000/postgres${digest}`,
    "postgres:latest",
    "postgres:2025.01",
    "postgres:20250101",
  ])
    assert.equal(postgresMajor(image), undefined);
  assert.match(
    postgresFault("postgres:17", "postgres:16.1") ?? "",
    /is postgres:17; expected PostgreSQL 16, /,
  );
  assert.equal(postgresFault("postgres:16.2", "postgres:16.1"), undefined);
  assert.equal(postgresFault("postgres:17", ""), undefined);
});

test("npm run up refuses a version that does not fit the deployed data, unless an upgrade or a restoration runs it", () => {
  const state = mkdtempSync(join(tmpdir(), "airflow-kept-"));
  const stack = new Stack("kept", "stack.yaml", state);
  const settings = (version: string, image: string) =>
    ({ version, images: { postgres: image }, postgres: {} }) as never;
  const check = (version: string, image: string) => () => checkVersions(stack, settings(version, image));
  assert.doesNotThrow(check("3.3.2", "postgres:17"));
  const folder = join(state, ".pulumi/stacks/airflow");
  mkdirSync(folder, { recursive: true });
  const urn = "urn:pulumi:kept::airflow::pulumi:pulumi:Stack::airflow-kept";
  const resources = [{ urn, type: "pulumi:pulumi:Stack", outputs: { version: "2.11.2" } }];
  writeFileSync(join(folder, "kept.json"), JSON.stringify({ checkpoint: { latest: { resources } } }));
  const { number, ...latest } = { ...one, version: "2.11.2", images: { postgres: "postgres:16.1" } };
  noteDeployment(stack, latest);
  assert.throws(check("3.3.2", "postgres:16.1"), /^Error: stack\.yaml: .* npm run upgrade -- --to 3\.3\.2 /);
  assert.throws(
    check("2.11.2", "postgres:17"),
    /^Error: stack\.yaml: images\.postgres is postgres:17; expected /,
  );
  assert.doesNotThrow(check("2.11.2", "postgres:16.2"));
  setFlags({ upgrade: true });
  assert.doesNotThrow(check("3.3.2", "postgres:16.1"));
  assert.throws(check("3.3.2", "postgres:17"), /images\.postgres/);
  Reflect.deleteProperty(process.env, "AIRFLOW_UPGRADE");
  setFlags({ restore: true });
  assert.doesNotThrow(check("3.3.2", "postgres:16.1"));
  assert.throws(check("3.3.2", "postgres:17"), /images\.postgres/);
  Reflect.deleteProperty(process.env, "AIRFLOW_RESTORE");
  forgetDeployments(stack);
  assert.doesNotThrow(check("2.11.2", "postgres:17"));
});
