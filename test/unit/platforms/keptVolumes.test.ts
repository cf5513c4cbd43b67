import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { movedFault } from "../../../platforms/docker/movedData.ts";
import type { StateResource } from "../../../platforms/ownership/known.ts";
import { declare } from "../mocks.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("kept");
const file = join(folder, "url");
writeFileSync(file, "rediss://celery:secret-of-this-test@broker.example.com:6379/0");
const database = join(folder, "database");
writeFileSync(database, "postgresql://airflow:secret-of-this-test@db.example.com/airflow");
const outside = { redis: { url: { file } }, postgres: { url: { file: database } } };

const volumeType = "docker:index/volume:Volume";
const claimType = "kubernetes:core/v1:PersistentVolumeClaim";

/** A volume of the last deployment, by the names of its resource and on its engine. */
function volume(resource: string, name: string, parent = "airflow:index:DockerPlatform"): StateResource {
  const urn = `urn:pulumi:unit::airflow::${parent}$${volumeType}::${resource}`;
  return { urn, type: volumeType, outputs: { name: `airflow-unit-${name}` } };
}

function claim(name: string): StateResource {
  const urn = `urn:pulumi:unit::airflow::airflow:index:KubernetesPlatform$${claimType}::${name}`;
  return { urn, type: claimType, outputs: { metadata: { name } } };
}

/** Names of the volumes that a stack declares after an earlier deployment, by those of their resources. */
async function declaredAfter(earlier: readonly StateResource[], config: Config) {
  const all = await declare(config, 0, {}, { earlier });
  const volumes = all.filter(({ type }) => type === volumeType || type === claimType);
  const nameIn = ({ name, metadata }: Record<string, unknown>) => name ?? Object(metadata).name;
  return Object.fromEntries(volumes.map(({ name, inputs }) => [name, nameIn(inputs)]));
}

const own = ["redis-data", "postgres-data", "logs", "data"];

test("data of a service that is external now stays on its engine", async () => {
  const earlier = [...own, "stack-backups", "models"].map((name) => volume(name, name));
  const expected = Object.fromEntries(
    [...own, "stack-backups", "models"].map((name) => [name, `airflow-unit-${name}`]),
  );
  assert.deepEqual(await declaredAfter(earlier, outside), expected);
  const [redis] = earlier;
  assert.deepEqual(Object.keys(await declaredAfter(redis ? [redis] : [], outside)).sort(), [
    "data",
    "logs",
    "redis-data",
  ]);
});

test("a stack declares no volume that was not there, nor delivered DAGs, nor what others made", async () => {
  assert.deepEqual(Object.keys(await declaredAfter([], outside)).sort(), ["data", "logs"]);
  const others = [
    volume("dags", "dags"),
    volume("logs-big", "logs"),
    volume("theirs", "theirs", "acme:index:Database"),
    claim("redis-data"),
  ];
  assert.deepEqual(Object.keys(await declaredAfter(others, outside)).sort(), ["data", "logs"]);
});

test("data stays on the machine that had the service; shared volumes are left there anyway", async () => {
  const machines = [
    { name: "first", docker: "ssh://ops@first", address: "10.0.0.1" },
    { name: "big", docker: "ssh://ops@big", address: "10.0.0.2" },
  ];
  const earlier = [volume("redis-data-big", "redis-data"), volume("models-big", "models")];
  const names = await declaredAfter(earlier, { ...outside, machines });
  assert.equal(names["redis-data-big"], "airflow-unit-redis-data");
  assert.equal(names["redis-data"], undefined);
  assert.equal(names["models-big"], undefined);
});

test("claims of a service that is external now stay in their cluster", async () => {
  const cluster = {
    platform: "kubernetes",
    images: { airflow: "r/airflow:1", postgres: "r/postgres:1", redis: "r/redis:1" },
    dagsGit: { url: "https://git.example.com/dags.git" },
  };
  const earlier = [...own.map(claim), volume("redis-data", "redis-data")];
  const names = await declaredAfter(earlier, { ...cluster, ...outside });
  assert.deepEqual(Object.keys(names).sort(), own.toSorted());
});

const one = { name: "one", docker: "unix:///run/docker.sock", address: "10.0.0.1", workers: 1 };
const two = { name: "two", docker: "ssh://airflow@two", address: "10.0.0.2" };
const three = { name: "three", docker: "ssh://three", address: "10.0.0.3" };
const withPostgres = { ...two, roles: ["postgres"] };

/** A resource of the last deployment on several machines. */
const of = (type: string, name: string, outputs: StateResource["outputs"]): StateResource => ({
  urn: `urn:pulumi:unit::airflow::airflow:index:DockerPlatform$${type}::${name}`,
  type,
  outputs: outputs ?? {},
});
const provider = of("pulumi:providers:docker", "docker", { host: one.docker });
const onMachine = (name: string) =>
  of("docker:index/volume:Volume", name, { name: "airflow-unit-postgres-data" });

const faultOf = (config: Config, ...resources: readonly StateResource[]) =>
  movedFault(settingsFor(config), resources);

test("a database does not move to a machine without its data", () => {
  const here = [provider, onMachine("postgres-data")];
  const moved = { machines: [one, withPostgres] };
  assert.equal(
    faultOf(moved, ...here),
    "machines: postgres is to run on two; expected one, which has its data. " +
      "To move the data, too: npm run backup, then change the machines and npm run restore -- --from ID",
  );
  const there = [provider, onMachine("postgres-data-two")];
  assert.match(faultOf({ machines: [one, two] }, ...there) ?? "", /postgres is to run on one; expected two/);
  assert.equal(faultOf(moved, ...there), undefined);
  assert.equal(faultOf({ machines: [one, two] }, ...here), undefined);
  assert.equal(faultOf(moved), undefined);
  assert.equal(faultOf(moved, provider), undefined);
  // After the move, the volume that the data was restored from is kept.
  assert.equal(faultOf(moved, ...here, onMachine("postgres-data-two")), undefined);
  assert.equal(faultOf({ machines: [one, two], postgres: outside.postgres }, ...there), undefined);
});

test("a machine keeps its name, as its containers do", () => {
  const further = of("pulumi:providers:docker", "docker-two", { host: two.docker });
  const renamed = { machines: [one, { ...two, name: "new" }] };
  const message =
    "machines: new has the engine of two; expected the name two, or first a deployment without that machine, and then one with new.";
  assert.equal(faultOf(renamed, provider, further), message);
  assert.equal(faultOf({ ...renamed, postgres: outside.postgres }, provider, further), message);
  assert.equal(faultOf({ machines: [one, two] }, provider, further), undefined);
  assert.equal(faultOf({ machines: [one] }, provider, further), undefined);
  assert.equal(faultOf({ machines: [one, three] }, provider, further), undefined);
});

test("the first machine stays the first", () => {
  const here = [provider, onMachine("postgres-data")];
  assert.equal(
    faultOf({ machines: [two, one] }, ...here),
    "machines: the first is two; expected one, which was the first and has what the stack keeps: " +
      "other machines can follow in any order.",
  );
  assert.equal(faultOf({ machines: [one, three, two] }, ...here), undefined);
  assert.equal(faultOf({ machines: [{ ...one, docker: "ssh://one" }, two] }, ...here), undefined);
  assert.equal(faultOf({ machines: [two, one] }), undefined);
  assert.equal(faultOf({}, ...here), undefined);
});
