import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkVersion, openUpgrade } from "../../../components/versionChange.ts";
import { setFlags } from "../../../deploymentFlags.ts";
import { comparing } from "../../../tools/develop/toolsImage.ts";
import { Stack } from "../../../tools/lib/stack.ts";
import type { ExportedState } from "../../../tools/lib/state.ts";
import {
  changes,
  deployedText,
  deploymentTable,
  forgetDeployments,
  noteDeployment,
  type ProvenDeployment,
  picked,
  withDeployment,
} from "../../../tools/lib/upgrade/deployments.ts";
import { drain } from "../../../tools/lib/upgrade/drain.ts";
import { copyOf, interruptedUpgrade, keptOf } from "../../../tools/lib/upgrade/record.ts";
import { withVersion } from "../../../tools/lib/upgrade/stackVersion.ts";
import { resume, type Upgrade } from "../../../tools/lib/upgrade/upgrade.ts";
import { effectsOn } from "../../../tools/upgrade/effects.ts";
import { checkVersions, imageFault, postgresFault, postgresMajor } from "../../../tools/upgrade/guard.ts";
import { textFor, withSecretsOf } from "../../../tools/upgrade/textFor.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const upgrade: Upgrade = { from: "2.11.2", to: "3.3.2", step: "pausing", before: "a", after: "b" };
const root = temporaryFolder("upgrade");
const backup = { id: "B1", at: "2026-01-01T00:00:00Z" };

/** A backend, which several machines may share. */
class Backend {
  state: ExportedState = {
    deployment: {
      resources: [
        {
          urn: "urn:pulumi:kept::airflow::pulumi:pulumi:Stack::airflow-kept",
          type: "pulumi:pulumi:Stack",
          outputs: { version: "2.11.2", backupKeys: { ciphertext: "v1:a:b" } },
        },
      ],
    },
  };

  get outputs() {
    return this.state.deployment.resources?.[0]?.outputs ?? {};
  }
}

/** A stack on one of the machines, with a folder of its own beside the state. */
class OnMachine extends Stack {
  readonly folder: string;
  private readonly backend: Backend;

  constructor(backend: Backend) {
    const folder = join(mkdtempSync(join(root, "kept-")), "state");
    super("kept", join(folder, "../Pulumi.kept.yaml"), folder);
    this.folder = folder;
    this.backend = backend;
  }

  override async pulumi([, command, , file = ""]: readonly string[]): Promise<string> {
    if (command === "import") this.backend.state = JSON.parse(readFileSync(file, "utf8"));
    return JSON.stringify(this.backend.state);
  }

  override checkpoint() {
    return { latest: this.backend.state.deployment };
  }
}

test("the note of an upgrade is readable for its owner alone, and is removed with the copy of the backup", async () => {
  const backend = new Backend();
  const { outputs } = backend;
  const stack = new OnMachine(backend);
  assert.equal(await interruptedUpgrade(stack), undefined);
  await keptOf(stack).write(upgrade);
  const file = join(stack.folder, "upgrade.kept.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await interruptedUpgrade(stack), upgrade);
  const locks = join(stack.folder, ".pulumi/locks/organization/airflow/kept");
  mkdirSync(locks, { recursive: true });
  const lock = (pid: number) =>
    writeFileSync(join(locks, "lock.json"), JSON.stringify({ pid, hostname: hostname() }));
  lock(process.pid);
  await assert.rejects(interruptedUpgrade(stack), /the deployment that it had started still runs; wait/);
  lock(2 ** 30);
  assert.deepEqual(await interruptedUpgrade(stack), upgrade);
  writeFileSync(copyOf(stack), "");
  await keptOf(stack).remove();
  assert.ok(!existsSync(file) && !existsSync(copyOf(stack)));
  assert.deepEqual(backend.outputs, outputs);
});

test("an upgrade runs while its process does, not another one with that number", async (t) => {
  const stack = new OnMachine(new Backend());
  await keptOf(stack).write(upgrade);
  const file = join(stack.folder, "upgrade.kept.json");
  const note = JSON.parse(readFileSync(file, "utf8"));
  const other = spawn("sleep", ["600"]);
  t.after(() => other.kill());
  const run = (more: object) => writeFileSync(file, JSON.stringify({ ...note, pid: other.pid, ...more }));
  run({ started: undefined });
  await assert.rejects(
    interruptedUpgrade(stack),
    new RegExp(`is being upgraded to 3\\.3\\.2 by process ${other.pid}; expected its end`),
  );
  // Starts of this process and of the other one differ.
  run({});
  assert.deepEqual(await interruptedUpgrade(stack), upgrade);
  // A note of an earlier release has no mark.
  await keptOf(stack).remove();
  writeFileSync(file, JSON.stringify({ ...upgrade, pid: 2 ** 30 }));
  assert.deepEqual(await interruptedUpgrade(stack), upgrade);
});

test("every machine with the same backend knows of an upgrade that has not ended", async () => {
  const backend = new Backend();
  const [here, there] = [new OnMachine(backend), new OnMachine(backend)];
  await keptOf(here).write(upgrade);
  const untouched =
    /^An upgrade of stack kept from 2\.11\.2 to 3\.3\.2, which \S+@\S+ began at .*, has not ended; expected its end: npm run upgrade -- --stack kept there\. .* AIRFLOW_UPGRADE=true npm run up -- --stack kept: no data was touched\.$/;
  await assert.rejects(interruptedUpgrade(there), { message: untouched });
  assert.throws(() => checkVersion("2.11.2", backend.outputs, "kept"), { message: untouched });
  const begun = openUpgrade(backend.outputs)?.at;
  await keptOf(here).write({ ...upgrade, step: "migrating", backup });
  assert.equal(openUpgrade(backend.outputs)?.at, begun);
  await assert.rejects(
    interruptedUpgrade(there),
    /npm run restore -- --from B1 --stack kept puts back the data from before\.$/,
  );
  assert.deepEqual(await interruptedUpgrade(here), { ...upgrade, step: "migrating", backup });
});

test("an upgrade is over once the stack was deployed: its backup is not put back", async () => {
  const backend = new Backend();
  const { state } = backend;
  const stack = new OnMachine(backend);
  await keptOf(stack).write({ ...upgrade, step: "returning", backup });
  writeFileSync(copyOf(stack), "");
  // A deployment makes the outputs anew.
  backend.state = state;
  assert.equal(await interruptedUpgrade(stack), undefined);
  assert.deepEqual(readdirSync(stack.folder), []);
});

test("an upgrade that was cut off in its proof is proven, with the stack file as it is by then", async () => {
  const backend = new Backend();
  const stack = new OnMachine(backend);
  const migrating: Upgrade = { ...upgrade, step: "migrating", backup };
  const text = "config:\n  airflow:version: 3.3.2\n  airflow:workers: 2\n";
  const deployed = (version: string) => {
    backend.state = {
      deployment: {
        resources: [
          {
            urn: "urn:pulumi:kept::airflow::pulumi:pulumi:Stack::airflow-kept",
            type: "pulumi:pulumi:Stack",
            outputs: { version },
          },
        ],
      },
    };
  };
  const reports: string[] = [];
  for (const present of [text, text.replace("3.3.2", "2.11.2")]) {
    deployed("2.11.2");
    await keptOf(stack).write(migrating);
    writeFileSync(copyOf(stack), "");
    writeFileSync(stack.file, present);
    deployed("3.3.2");
    const half = await interruptedUpgrade(stack);
    assert.deepEqual(half, { ...migrating, after: text });
    let proofs = 0;
    const effects = {
      ...effectsOn(stack, 0, (line) => reports.push(line)),
      deploy: async () => void proofs++,
    };
    await resume(half ?? assert.fail("the upgrade is over"), effects, true);
    assert.deepEqual([proofs, readFileSync(stack.file, "utf8"), readdirSync(stack.folder)], [1, text, []]);
  }
  assert.match(reports.join(), /was cut off after the migration: it is proven again/);
  // Another deployment has put the data back since.
  deployed("2.11.2");
  await keptOf(stack).write(migrating);
  deployed("2.11.2");
  assert.equal(await interruptedUpgrade(stack), undefined);
  assert.deepEqual(readdirSync(stack.folder), []);
});

test("a new version in a stack file leaves the rest of the file as it is", () => {
  const text =
    'config: # ours\n  airflow:version: "2.11.2" # not yet\n  airflow:backup: {every: 6h,   keep: 3}\n';
  assert.equal(withVersion(text, "3.3.2"), text.replace('"2.11.2"', "3.3.2"));
  assert.equal(withVersion(text.replace('"2.11.2"', "2.11.2"), "3.3.2"), text.replace('"2.11.2"', "3.3.2"));
  const without = "config:\n  # two\n  airflow:workers: 2\n";
  assert.equal(withVersion(without, "2.11.2"), `${without}  airflow:version: 2.11.2\n`);
});

function made(number: number, text: string, more: Partial<ProvenDeployment> = {}): ProvenDeployment {
  const at = `2026-01-01T00:${String(number).padStart(2, "0")}:00Z`;
  return { number, at, who: "ann@host", version: "3.3.2", images: { airflow: "a:1" }, text, ...more };
}

const one = made(1, "config: { airflow:workers: 1 }\n");
const two = made(2, "config: { airflow:workers: 2 }\n", { images: { airflow: "a:2" }, revision: "abc" });

test("ten deployments are kept; a deployment without changes does not count", () => {
  const { number, ...same } = two;
  const again = "2026-01-01T02:00:00Z";
  assert.deepEqual(withDeployment([two, one], { ...same, at: again, who: "bob@host" }), [
    { ...two, again },
    one,
  ]);
  assert.deepEqual(withDeployment([], { ...same }), [{ ...two, number: 1 }]);
  const many = Array.from({ length: 12 }, (_, at) => `config: { airflow:workers: ${at} }\n`).reduce(
    (known: readonly ProvenDeployment[], text) => withDeployment(known, { ...same, text }),
    [],
  );
  assert.deepEqual(
    many.map((kept) => kept.number),
    [12, 11, 10, 9, 8, 7, 6, 5, 4, 3],
  );
});

test("an upgrade that fails goes back to the last proven stack file only if nothing has changed the state since", () => {
  const before = (changed: string | undefined, known = [two, one], version = "3.3.2") =>
    deployedText(known, version, changed);
  assert.equal(before("2026-01-01T00:02:00Z"), two.text);
  assert.equal(before("2026-01-01T00:02:01Z"), undefined);
  assert.equal(before("2026-01-01T02:00:00+01:00", [{ ...two, again: "2026-01-01T01:00:00Z" }]), two.text);
  assert.equal(before("2026-01-01T00:02:00Z", [two], "2.11.2"), undefined);
  assert.equal(before(undefined), undefined);
  assert.equal(before("2026-01-01T00:02:00Z", []), undefined);
});

test("a failed restoration stays in the state, and has restored nothing", async () => {
  const urn = "urn:pulumi:kept::airflow::airflow:index:Restoration$docker:index/container:Container::restore";
  const backend = new Backend();
  const { hasReturned } = effectsOn(new OnMachine(backend), 0);
  const found = (outputs: Record<string, unknown>) => {
    backend.state = { deployment: { resources: [{ urn, type: "", outputs }] } };
    return hasReturned();
  };
  assert.equal(await found({ exitCode: 0 }), true);
  assert.equal(await found({ exitCode: 1 }), false);
  assert.equal(await found({ status: { succeeded: 1 } }), true);
  assert.equal(await found({ status: { failed: 3 } }), false);
  assert.equal(await found({}), false);
});

test("a deployment is listed with what it changed", () => {
  assert.deepEqual(changes(two, one), ["workers", "image of airflow", "project abc"]);
  assert.deepEqual(changes({ ...one, text: `${one.text}# why\n` }, one), ["secrets or comments"]);
  const [, second, first] = deploymentTable([two, one], new Date("2026-01-01T01:02:00Z")).split("\n");
  assert.match(second ?? "", /^2 +1 h ago +ann@host +3\.3\.2 +workers, image of airflow, project abc$/);
  assert.match(first ?? "", /^1 +.* the oldest that is kept$/);
});

test("a rollback goes to the latest deployment that differs, or to the deployment with a given number", () => {
  assert.equal(picked([two, one], undefined, two), one);
  assert.equal(picked([two, one], undefined, { ...two, text: "config: {}\n" }), two);
  assert.equal(picked([two, one], "1", two), one);
  assert.throws(() => picked([two, one], "7", two), /There is no deployment 7; expected .*: 2, 1\.$/);
  assert.throws(() => picked([two], undefined, two), /No recorded deployment differs/);
});

test("an upgrade waits for running tasks and names them, and leaves them to their workers after the limit", async () => {
  const task = { dag_id: "stocks", task_id: "load", hostname: "worker-1" };
  const lines: string[] = [];
  const pages = [[task], []];
  const pageOf = <T>(tasks: object[] = [], more = 0) =>
    ({ task_instances: tasks, total_entries: tasks.length + more }) as T;
  const api = { call: async <T>() => pageOf<T>(pages.shift()) };
  await drain(api, 60, (line) => lines.push(line));
  assert.deepEqual(lines, ["  1 still run: stocks.load on worker-1"]);
  const five = Array.from({ length: 5 }, () => task);
  await drain({ call: async <T>() => pageOf<T>(five, 1200) }, 0, (line) => lines.push(line));
  assert.match(
    lines[1] ?? "",
    /^ {2}after 0 s these still run, .*: (stocks\.load on worker-1, ){4}.* and 1200 more$/,
  );
});

test("a rollback names images that the project would now build differently, without the packages that they already have", () => {
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

test("the stack file of an earlier deployment replaces no secret: that is as in the present file", () => {
  const file = (...lines: string[]) =>
    ["config:", "  # two", "  airflow:workers: 2", ...lines, ""].join("\n");
  const generations = "  airflow:secretGenerations:\n    fernetKey: 2\n    jwtSecret: 3";
  const present = file("  airflow:secretGenerations: { fernetKey: 2, jwtSecret: 3 }");
  const dropped = file("  airflow:secretGenerations: { fernetKey: 1 }", "  airflow:previousSecrets: dropped");
  assert.equal(withSecretsOf(present, present), present);
  for (const earlier of [file(), dropped]) assert.equal(withSecretsOf(present, earlier), file(generations));
  assert.equal(
    withSecretsOf(dropped, present),
    file("  airflow:secretGenerations:\n    fernetKey: 1", "  airflow:previousSecrets: dropped"),
  );
  assert.equal(withSecretsOf(file(), dropped), file());
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

test("an image of Airflow has the version asked for, by its tag and by itself", () => {
  const digest = `@sha256:${"0".repeat(64)}`;
  for (const image of ["apache/airflow:3.3.2", `r.test:5000/apache/airflow:3.3.2-python3.12${digest}`])
    assert.equal(imageFault(image, "3.3.2"), undefined);
  for (const image of [`apache/airflow${digest}`, "acme/airflow:2.3.1", "apache/airflow:latest"])
    assert.equal(imageFault(image, "3.3.2"), undefined);
  for (const image of ["apache/airflow:2.11.2", `r.test:5000/apache/airflow:2.11.2-python3.12${digest}`])
    assert.equal(imageFault(image, "3.3.2"), `${image}, which has Airflow 2.11.2`);
  const folder = mkdtempSync(join(root, "version-"));
  const dist = join(folder, "apache_airflow-2.11.2.dist-info");
  mkdirSync(dist);
  writeFileSync(
    join(dist, "METADATA"),
    "Metadata-Version: 2.1\nName: apache-airflow\nVersion: 2.11.2+acme\n",
  );
  const compared = (wanted: string) => {
    const [, ...args] = comparing(wanted);
    return spawnSync("python3", args, { env: { ...process.env, PYTHONPATH: folder }, encoding: "utf8" });
  };
  assert.equal(compared("2.11.2").status, 0);
  const { status, stderr } = compared("3.3.2");
  assert.deepEqual([status, stderr], [1, "  the image has Airflow 2.11.2+acme\n"]);
});

test("npm run up refuses a version that does not fit the deployed data, unless an upgrade or a restoration runs it", async () => {
  const state = mkdtempSync(join(root, "kept-"));
  const stack = new Stack("kept", "stack.yaml", state);
  const settings = (version: string, image: string) =>
    ({ version, images: { postgres: image }, postgres: {} }) as never;
  const check = (version: string, image: string) => () => checkVersions(stack, settings(version, image));
  await assert.doesNotReject(check("3.3.2", "postgres:17"));
  const folder = join(state, ".pulumi/stacks/airflow");
  mkdirSync(folder, { recursive: true });
  const urn = "urn:pulumi:kept::airflow::pulumi:pulumi:Stack::airflow-kept";
  const made = { urn, type: "pulumi:pulumi:Stack", outputs: { version: "2.11.2" } };
  const volume = (name: string) => ({
    urn: `urn:pulumi:kept::airflow::airflow:index:DockerPlatform$docker:index/volume:Volume::${name}`,
    type: "docker:index/volume:Volume",
    outputs: { name: `airflow-kept-${name}` },
  });
  const deployed = (...volumes: string[]) => {
    const resources = [made, ...volumes.map(volume)];
    writeFileSync(join(folder, "kept.json"), JSON.stringify({ checkpoint: { latest: { resources } } }));
  };
  deployed("logs", "postgres-data");
  const { number, ...latest } = { ...one, version: "2.11.2", images: { postgres: "postgres:16.1" } };
  noteDeployment(stack, latest);
  await assert.rejects(
    check("3.3.2", "postgres:16.1"),
    /^Error: stack\.yaml: .* npm run upgrade -- --to 3\.3\.2 /,
  );
  await assert.rejects(
    check("2.11.2", "postgres:17"),
    /^Error: stack\.yaml: images\.postgres is postgres:17; expected /,
  );
  await assert.doesNotReject(check("2.11.2", "postgres:16.2"));
  setFlags({ upgrade: true });
  await assert.doesNotReject(check("3.3.2", "postgres:16.1"));
  await assert.rejects(check("3.3.2", "postgres:17"), /images\.postgres/);
  Reflect.deleteProperty(process.env, "AIRFLOW_UPGRADE");
  setFlags({ restore: true });
  await assert.doesNotReject(check("3.3.2", "postgres:16.1"));
  // A restoration fills a server of any version, but for one that would open the volume of another version.
  for (const name of ["postgres-data", "postgres-data-big"]) {
    deployed("logs", name);
    await assert.rejects(check("3.3.2", "postgres:17"), /images\.postgres/);
  }
  deployed("logs");
  await assert.doesNotReject(check("3.3.2", "postgres:17"));
  Reflect.deleteProperty(process.env, "AIRFLOW_RESTORE");
  await assert.rejects(check("2.11.2", "postgres:17"), /images\.postgres/);
  forgetDeployments(stack);
  await assert.doesNotReject(check("2.11.2", "postgres:17"));
});
