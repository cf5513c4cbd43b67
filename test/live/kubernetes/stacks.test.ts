import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse, parseDocument, stringify } from "yaml";
import { localImage } from "../../../images/local.ts";
import { rolesIn } from "../../../settings/schema/versions.ts";
import { ensureImages } from "../../../tools/images.ts";
import { project, run } from "../../../tools/lib/process.ts";
import { stackFile } from "../../../tools/lib/stack.ts";
import { machine } from "../../lab/settings.ts";
import { waitFor } from "../../runner/waiting.ts";
import { found } from "../lib/canaries.ts";
import { cleanClone } from "../lib/clone.ts";
import { restores, upgrades } from "../lib/deploying.ts";
import { commandsReach } from "../lib/developing.ts";
import { type Config, TestStack } from "../lib/harness.ts";
import { Repository } from "../lib/repository.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";
import { kubectl, lab, onKubernetes, pods } from "../targets/kubernetes.ts";
import { Extras } from "./extras.ts";
import { clients, rotates } from "./rotating.ts";

/** Reads the configuration of a committed stack. */
function committed(name: string): Config {
  const { config } = parse(readFileSync(stackFile(name), "utf8"));
  return Object.fromEntries(
    Object.entries<unknown>(config).map(([key, value]) => [key.replace("airflow:", ""), value]),
  );
}

/** Staging, as in a fresh clone of the project. */
const clone = await cleanClone();
const staging = "livetest-staging";
const namespace = `airflow-${staging}`;
const file = join(clone, `stacks/Pulumi.${staging}.yaml`);
const version = "2.11.2";
const ports = { webserverPort: 18240, flowerPort: 18242 };
const npm = (script: string, ...flags: string[]) =>
  run("npm", ["run", "--silent", script, "--", "--stack", staging, ...flags], { cwd: clone });

const prod = new TestStack("livetest-prod", 18250, onKubernetes);
const extras = new Extras(prod);
let deployed: Config = {};
const repository = new Repository("dags");
const teams = new Repository("team");
const labels = {
  node1: ["node-role.example.com/airflow=small"],
  node2: ["node-role.example.com/airflow=large", "example.com/models=true"],
};

before(async () => {
  await ensureImages(["backup", "pgbouncer"]);
  for (const [node, wanted] of Object.entries(labels))
    await kubectl("label", "node", node, "--overwrite", ...wanted);
  symlinkSync(join(project, "node_modules"), join(clone, "node_modules"));
  await onKubernetes.sweep(namespace);
  await repository.open(machine, join(project, "dags/get_stocks_dag.py"));
  await teams.open(machine, join(project, "test/live/dags/naps.py"));
  for (const dag of ["given.py", "sealed.py"]) await teams.publish(join(project, "test/live/dags", dag));
});

after(async () => {
  for (const one of [repository, teams, extras]) one.close();
  await onKubernetes.sweep(namespace);
  rmSync(clone, { recursive: true });
  await prod.discard();
  for (const [node, wanted] of Object.entries(labels)) {
    await kubectl("label", "node", node, ...wanted.map((label) => label.replace(/=.*/, "-")));
  }
});

test("staging with Airflow 2, by npm run up, in a namespace that was there with its secrets: one of each", async () => {
  const { kubernetes, ...rest } = committed("staging");
  const pulled = { ...(kubernetes as Config), pullSecrets: ["registry"] };
  // Uses images and DAGs in the lab's registry.
  const password = `-${randomBytes(24).toString("base64url")}`;
  const secrets = { adminPassword: { secret: "given", key: "administrator" } };
  const { images, ...lent } = await onKubernetes.config(namespace);
  const { image } = await lab();
  const airflow = await image(localImage("airflow", version));
  const config = {
    ...rest,
    ...lent,
    ...ports,
    version,
    images: { ...(images as Config), airflow, backup: await image(localImage("backup")) },
    backup: { every: "12h", keep: 3 },
    kubernetes: pulled,
    secrets,
  };
  const entries = Object.entries(config).map(([key, value]) => [`airflow:${key}`, value]);
  writeFileSync(file, stringify({ config: Object.fromEntries(entries) }));
  await kubectl("create", "namespace", namespace);
  const login = ["--docker-server=registry.example.com", "--docker-username=u", "--docker-password=p"];
  await kubectl("create", "secret", "docker-registry", "registry", "--namespace", namespace, ...login);
  // Applied, so that an annotation of the Secret holds a copy of it, too.
  const given = await kubectl(
    ...[
      "create",
      "secret",
      "generic",
      "given",
      "--namespace",
      namespace,
      "--dry-run=client",
      "--output=yaml",
    ],
    `--from-literal=administrator=${password}`,
  );
  writeFileSync(join(clone, "given.yaml"), given);
  await kubectl("apply", "--filename", join(clone, "given.yaml"));

  assert.match(await npm("up"), /Every queue and every worker works/);
  const instances = await onKubernetes.instances(namespace);
  const healthy = [...instances].filter(([, { healthy }]) => healthy).map(([name]) => name);
  const running = rolesIn(version).filter((role) => role !== "worker" && role !== "migration");
  const roles = [...running, "backup", "postgres", "redis", "worker-1"];
  assert.deepEqual(healthy.sort(), roles.sort());
  const label = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}";
  assert.equal(await kubectl("get", "namespace", namespace, "--output", label), "restricted");
  await kubectl("get", "secret", "registry", "--namespace", namespace);
  const output = ["stack", "output", "adminPassword", "--show-secrets"];
  const shown = await run("npm", ["run", "--silent", "pulumi", "--", ...output], {
    cwd: clone,
    env: { PULUMI_STACK: staging },
  });
  assert.equal(shown.trim(), password);
  assert.deepEqual(found(await run("grep", ["-r", "", ".state"], { cwd: clone }), { password }), []);
});

test("Airflow 3 takes over in place, rehearsed in a pod that does not stay", async (t) => {
  const document = parseDocument(readFileSync(file, "utf8"));
  const { images } = await onKubernetes.config(namespace);
  document.setIn(["config", "airflow:images", "airflow"], Object(images).airflow);
  writeFileSync(file, document.toString());
  await upgrades(npm, t);
  const rehearsal = ["--namespace", namespace, "--selector", "app.kubernetes.io/name=rehearsal"];
  assert.equal(await kubectl("get", "pods", ...rehearsal), "");
});

test("a developer's commands find the stack's roles in their pods, and check and test DAGs in the stack's image", async () => {
  await commandsReach(npm, { worker: "worker-1" });
  assert.match(await npm("dags", "check"), /^ +\d+\.\d\d s {2}get_stocks_dag\.py: get_stocks_dag$/m);
  mkdirSync(join(clone, "tests"));
  const symbols =
    "from get_stocks_dag import SYMBOLS\n\n\ndef test_symbols():\n    assert len(SYMBOLS) == 6\n";
  writeFileSync(join(clone, "tests/test_stocks.py"), symbols);
  assert.match(await npm("dags", "pytest"), /^=+ 1 passed/m);
});

test("npm run open leads to the webserver and to Flower, until Ctrl-C", async (t) => {
  const open = spawn("npm", ["run", "--silent", "open", "--", "--stack", staging], {
    cwd: clone,
    stdio: ["ignore", "pipe", "inherit"],
    // In its own process group, which Ctrl-C ends as a whole.
    detached: true,
  });
  const closed = once(open, "close");
  const interrupt = () => open.pid !== undefined && process.kill(-open.pid, "SIGINT");
  t.after(() => open.exitCode === null && open.signalCode === null && interrupt());
  let stdout = "";
  open.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  await waitFor("npm run open", 120, async () => (stdout.includes("Ctrl-C") ? true : undefined));
  const pages = [
    `http://127.0.0.1:${ports.webserverPort}/api/v2/version`,
    `http://127.0.0.1:${ports.flowerPort}/`,
  ];
  const [webserver, flower] = await Promise.all(pages.map((page) => fetch(page)));
  assert.match((await webserver?.text()) ?? "", /"version":"\d/);
  // Flower asks for a login.
  assert.equal(flower?.status, 401);
  interrupt();
  await closed;
  for (const page of pages) await assert.rejects(fetch(page), TypeError);
});

test("a row that was changed after a proven backup comes back", (t) => restores(npm, t));

test("npm run down -- --volumes leaves nothing", async () => {
  await npm("down", "--volumes", "--yes");
  // The cluster removes released volumes by itself, later.
  await waitFor("an empty cluster", 60, async () =>
    (await onKubernetes.leftovers(namespace)).length === 0 ? true : undefined,
  );
});

test("prod: two schedulers, webservers and triggerers, workers on their machines, and green DAGs of two repositories", async () => {
  const { dagsGit, images: _, ...config } = committed("prod");
  // DAGs come from the repository, with the same branch and folder, as a stack has only one source of them.
  const sources = {
    dagsGit: { ...(dagsGit as Config), url: repository.url },
    dagBundles: [{ name: "team", url: teams.url, folder: "team" }],
    dags: undefined,
    dagsImage: undefined,
  };
  const { images } = await onKubernetes.config(prod.prefix);
  const pgbouncer = await (await lab()).image(localImage("pgbouncer"));
  deployed = {
    ...config,
    ...sources,
    ...(await extras.start(Object(images).redis)),
    images: { ...Object(images), pgbouncer },
    pgbouncer: { poolSize: 20 },
  };
  await prod.up(deployed);
  const there = await pods(prod.prefix);
  const nodesOf = (name: string) =>
    [...there].filter(([instance]) => instance.startsWith(name)).map(([, { spec }]) => spec.nodeName);
  assert.equal(nodesOf("scheduler").length, 2);
  assert.equal(nodesOf("webserver").length, 2);
  assert.deepEqual(nodesOf("triggerer").sort(), ["node1", "node2"]);
  assert.deepEqual(nodesOf("worker-small"), ["node1"]);
  assert.deepEqual(nodesOf("worker-large"), ["node2", "node2"]);
  assert.deepEqual([...nodesOf("worker-reports"), ...nodesOf("worker-models")], ["node2", "node2"]);
  // Redis and Postgres may share a node; of two instances of a role, each node has one.
  assert.deepEqual(nodesOf("scheduler").sort(), ["node1", "node2"]);
  const naps = await prod.trigger("naps", { seconds: 1 });
  await runsUndisturbed(prod, "get_stocks_dag", await prod.trigger("get_stocks_dag"), 6);
  await runsUndisturbed(prod, "naps", naps, 6);
  const { bundle_name } = await prod.api
    .call<{ bundle_name?: string }>("/dags/naps")
    .then((dag) => dag ?? {});
  assert.equal(bundle_name, "team");
});

test("prod: workers have the extras of their role: variables, files, secrets, host names, a proxy, and containers beside them", () =>
  extras.assertGiven("worker-large-1"));

test("prod: Postgres has connections of PgBouncer alone, and workers get no metadata from it", async () => {
  const { podIP } =
    (await pods(prod.prefix)).get("pgbouncer")?.status ?? assert.fail("there is no PgBouncer");
  assert.deepEqual(await clients(prod), [`airflow from ${podIP}`, `airflow_results from ${podIP}`]);
  assert.doesNotMatch(await prod.target.log(prod.prefix, "pgbouncer"), /ERROR|login failed/);
  const program = `import psycopg2
url = open("/run/secrets/result_backend").read().removeprefix("db+").replace("+psycopg2", "")
psycopg2.connect(url).close()
psycopg2.connect(url.replace("/results?", "/metadata?"))`;
  await assert.rejects(
    prod.exec("worker-small-1", "python", "-c", program),
    /OperationalError.*login rejected/s,
  );
});

rotates(prod, () => deployed);

test("prod: volumes are of the classes that it names", async () => {
  const columns = "{range .items[*]}{.metadata.name} {.spec.storageClassName} {.status.phase}{'\\n'}{end}";
  const claims = await kubectl("get", "pvc", "--namespace", prod.prefix, "--output", `jsonpath=${columns}`);
  assert.deepEqual(claims.trim().split("\n").sort(), [
    "data shared Bound",
    "logs shared Bound",
    "models shared Bound",
    "postgres-data fast Bound",
    "redis-data fast Bound",
  ]);
});
