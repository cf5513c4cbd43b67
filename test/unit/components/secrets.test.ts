import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { fernetKeys, type Secrets, stored } from "../../../components/secrets.ts";
import { secretNames } from "../../../settings/schema/schema.ts";
import { databaseRoles } from "../../roleNames.ts";
import type { Uploads } from "../containers.ts";
import { containersOf, declare, patient } from "../mocks.ts";
import { settingsFrom } from "../settingsFrom.ts";
import { fromState } from "../stored.ts";

const minter = fromState(stored);

type Wanted = Parameters<typeof minter.create>[0];
type Held = Awaited<ReturnType<typeof create>>;

const wanted: Wanted = { names: secretNames, given: {}, generations: {}, previousSecrets: "valid" };

async function create(news: Partial<Wanted> = {}) {
  const { outs } = await minter.create({ ...wanted, ...news });
  assert.ok(outs);
  return outs;
}

async function changes(olds: Held, news: Partial<Wanted> = {}): Promise<boolean | undefined> {
  return (await minter.diff?.("secrets", olds, { ...wanted, ...news }))?.changes;
}

/** State after an update; a second update would not change it. */
async function update(olds: Held, news: Partial<Wanted>): Promise<Held> {
  assert.equal(await changes(olds, news), true);
  const outs = (await minter.update?.("secrets", olds, { ...wanted, ...news }))?.outs;
  assert.ok(outs);
  assert.equal(await changes(outs, news), false);
  return outs;
}

/** All secrets except one. */
function others({ values }: Held, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
}

/** Fernet keys of the running roles. */
function validKeys({ values, previous, older }: Held): Promise<string> {
  const held = {
    values: pulumi.output(values),
    previous: pulumi.output(previous),
    older: pulumi.output(older),
  };
  return new Promise((resolve) => fernetKeys(held as unknown as Secrets).valid.apply(resolve));
}

const pem = () =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test("each secret is minted once, in its format", async () => {
  const first = await create();
  const { fernetKey = "", jwtSecret = "", ...rest } = first.values;
  assert.match(fernetKey, /^[\w-]{43}=$/);
  assert.equal(createPublicKey(jwtSecret).asymmetricKeyType, "ed25519");
  for (const value of Object.values(rest)) assert.match(value, /^[\w-]{64}$/);
  assert.equal(new Set(Object.values(first.values)).size, 9);
  assert.deepEqual(first.previous, {});
  assert.equal(await changes(first), false);
  assert.equal(await changes(first, { generations: { fernetKey: 1 } }), false);
  assert.notDeepEqual((await create()).values, first.values);
});

test("a secret that a later version adds is minted in its format, and the other secrets stay", async () => {
  const known = await create({ names: secretNames.filter((name) => name !== "fernetKey") });
  const now = await update(known, {});
  assert.match(now.values.fernetKey ?? "", /^[\w-]{43}=$/);
  assert.deepEqual(others(now, "fernetKey"), known.values);
  assert.deepEqual(now.previous, {});
});

test("secrets minted by an earlier version are kept, except the signing text, which becomes a key pair", async () => {
  const values = Object.fromEntries(secretNames.map((name) => [name, `old-${name}`]));
  const now = await update({ names: secretNames, values } as unknown as Held, {});
  assert.deepEqual(others(now, "jwtSecret"), others({ ...now, values }, "jwtSecret"));
  assert.match(now.values.jwtSecret ?? "", /^-----BEGIN PRIVATE KEY-----\n/);
  assert.deepEqual(now.previous, {});
  assert.equal(JSON.parse(now.jwks).keys.length, 1);
  assert.deepEqual(new Set(Object.values(now.replaced)), new Set([0]));
});

test("a new generation replaces one secret, and the previous one stays valid until it is dropped", async () => {
  const first = await create();
  const second = await update(first, { generations: { brokerPassword: 2 } });
  assert.notEqual(second.values.brokerPassword, first.values.brokerPassword);
  assert.deepEqual(others(second, "brokerPassword"), others(first, "brokerPassword"));
  assert.deepEqual(second.previous, { brokerPassword: first.values.brokerPassword });
  assert.equal(second.replaced.brokerPassword, 1);
  // Without a generation, nothing changes.
  assert.equal(await changes(second), false);
  const dropped = await update(second, { generations: { brokerPassword: 2 }, previousSecrets: "dropped" });
  assert.deepEqual([dropped.values, dropped.previous], [second.values, {}]);
  assert.equal(await changes(dropped, { generations: { brokerPassword: 2 } }), false);
});

test("after two replacements only the latest previous secret is valid, and all earlier ones are kept to decrypt stored values", async () => {
  const first = await create();
  const second = await update(first, { generations: { fernetKey: 2 } });
  const third = await update(second, { generations: { fernetKey: 3 } });
  assert.deepEqual(third.previous, { fernetKey: second.values.fernetKey });
  assert.deepEqual(third.older.fernetKey, [second.values.fernetKey, first.values.fernetKey]);
  assert.equal(third.replaced.fernetKey, 2);
  // Data may be under any key until previous secrets are dropped.
  assert.equal(await validKeys(third), [third.values.fernetKey, ...(third.older.fernetKey ?? [])].join(","));
  const dropped = await update(third, { generations: { fernetKey: 3 }, previousSecrets: "dropped" });
  assert.equal(await validKeys(dropped), third.values.fernetKey);
});

test("a replacement leaves no valid previous secret if previousSecrets is dropped", async () => {
  const first = await create({ previousSecrets: "dropped" });
  const second = await update(first, { generations: { brokerPassword: 2 }, previousSecrets: "dropped" });
  assert.deepEqual(second.previous, {});
  assert.deepEqual(second.older.brokerPassword, [first.values.brokerPassword]);
});

test("a given secret is used, replaced by a newly given one, and kept when it is no longer given", async () => {
  const first = await create({ given: { brokerPassword: "one" } });
  assert.equal(first.values.brokerPassword, "one");
  assert.equal(await changes(first, { given: { brokerPassword: "one" } }), false);
  const second = await update(first, { given: { brokerPassword: "two" } });
  assert.deepEqual([second.values.brokerPassword, second.previous], ["two", { brokerPassword: "one" }]);
  assert.equal(await changes(second), false);
  const minted = await update(second, { generations: { brokerPassword: 2 } });
  assert.match(minted.values.brokerPassword ?? "", /^[\w-]{64}$/);
  assert.deepEqual(minted.previous, { brokerPassword: "two" });
});

test("the JWKS has the current and the previous public key, and no other key", async () => {
  const [one, two] = [pem(), pem()];
  const x = (key: string) => createPublicKey(key).export({ format: "jwk" }).x;
  const first = await create({ given: { jwtSecret: one } });
  const second = await update(first, { given: { jwtSecret: two } });
  const known = ({ jwks }: Held) => JSON.parse(jwks).keys.map((key: { x: string }) => key.x);
  assert.deepEqual(known(second), [x(two), x(one)]);
  assert.doesNotMatch(second.jwks, /"d"/);
  const dropped = await update(second, { given: { jwtSecret: two }, previousSecrets: "dropped" });
  assert.deepEqual(known(dropped), [x(two)]);
});

const rotated = Object.fromEntries(secretNames.map((name) => [name, 2]));

/** Secrets of a container by name, its environment and its command. */
async function delivered(config: Parameters<typeof declare>[0]) {
  const containers = containersOf(await declare(config));
  return (name: string) => {
    const { uploads, envs, entrypoints } = containers.get(name) ?? assert.fail(`there is no ${name}`);
    const files = (uploads as Uploads).filter(({ file }) => file.startsWith("/run/secrets/"));
    const secrets: Record<string, string> = Object.fromEntries(
      files.map(({ file, content }) => [file.slice("/run/secrets/".length), content]),
    );
    return { secrets, envs: envs as string[], command: entrypoints as string[] };
  };
}

test("after a replacement services accept both secrets, and clients use the current one", async () => {
  const of = await delivered({ secretGenerations: rotated, workers: 1 });
  assert.match(
    of("redis").secrets["users.acl"] ?? "",
    /airflow on >minted-brokerPassword >previous-brokerPassword ~/,
  );
  assert.equal(of("worker-1").secrets.broker_url, "redis://airflow:minted-brokerPassword@redis:6379/0");
  for (const role of [...databaseRoles, "migration"])
    assert.equal(of(role).secrets.fernet_key, "minted-fernetKey,previous-fernetKey", role);
  assert.equal(
    of("worker-1").secrets.result_backend,
    patient(
      "db+postgresql+psycopg2://airflow_results_2:minted-resultsPassword@postgres:5432/airflow_results",
    ),
  );
  assert.equal(
    of("scheduler").secrets.sql_alchemy_conn,
    patient("postgresql+psycopg2://airflow_2:minted-metadataPassword@postgres:5432/airflow"),
  );
  assert.deepEqual(of("postgres").secrets, {
    postgres_password: "previous-postgresPassword",
    metadata_password: "previous-metadataPassword",
    results_password: "previous-resultsPassword",
  });
  assert.deepEqual(of("logins").secrets, {
    postgres_passwords: "minted-postgresPassword\nprevious-postgresPassword\n",
    metadata_password: "minted-metadataPassword",
    results_password: "minted-resultsPassword",
  });
  const names = (envs: readonly string[]) => envs.filter((line) => /^(METADATA|RESULTS)_/.test(line));
  assert.deepEqual(names(of("logins").envs), [
    "METADATA_LOGIN=airflow_2",
    "METADATA_PREVIOUS=airflow",
    "RESULTS_LOGIN=airflow_results_2",
    "RESULTS_PREVIOUS=airflow_results",
  ]);
  assert.ok(of("migration").envs.includes("ADMIN_PASSWORD_REPLACED=1"));
  assert.ok(!of("migration").command.includes("--reencrypt"));
});

test("a dropped secret is accepted nowhere, and the migration first re-encrypts the values that it encrypted", async () => {
  const of = await delivered({ secretGenerations: rotated, previousSecrets: "dropped", workers: 1 });
  assert.match(of("redis").secrets["users.acl"] ?? "", /airflow on >minted-brokerPassword ~/);
  assert.equal(of("webserver").secrets.fernet_key, "minted-fernetKey");
  assert.equal(of("migration").secrets.fernet_key, "minted-fernetKey,previous-fernetKey");
  assert.ok(of("migration").command.includes("--reencrypt"));
  assert.ok(of("logins").envs.includes("METADATA_PREVIOUS="));
});

test("only a stack with given or replaced database passwords has a job that sets them", async () => {
  const hasJob = async (replaced: Record<string, number>) =>
    containersOf(await declare({}, 0, {}, { past: { replaced } })).has("logins");
  assert.equal(await hasJob({}), false);
  assert.equal(await hasJob({ metadataPassword: 0, jwtSecret: 1 }), false);
  // The stack file may no longer have the generation that replaced it.
  assert.equal(await hasJob({ metadataPassword: 1 }), true);
  for (const name of ["metadataPassword", "resultsPassword", "postgresPassword"]) {
    assert.equal(
      containersOf(await declare({ secrets: { [name]: "mP4-given-x9" } })).has("logins"),
      true,
      name,
    );
  }
});

test("on Kubernetes the Secrets hold current and previous values in the same way", async () => {
  const images = Object.fromEntries(
    ["airflow", "postgres", "redis"].map((name) => [name, `r.example.com/${name}:1`]),
  );
  const declared = await declare({
    platform: "kubernetes",
    images,
    dagsImage: "r.example.com/dags",
    secretGenerations: rotated,
  });
  const data = (name: string) => {
    const found = declared.find((one) => one.type === "kubernetes:core/v1:Secret" && one.name === name);
    return found?.inputs.stringData as Record<string, string>;
  };
  assert.match(data("redis")["users.acl"] ?? "", />minted-brokerPassword >previous-brokerPassword /);
  assert.equal(data("webserver").fernet_key, "minted-fernetKey,previous-fernetKey");
  assert.equal(data("webserver").trusted_jwks_url, "minted-jwks");
  assert.equal(data("logins").metadata_password, "minted-metadataPassword");
});

test("a given secret stays marked as secret in the provider's inputs", async () => {
  let inputs: Record<string, unknown> = {};
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs: given }) {
      if (type === "pulumi-nodejs:dynamic:Resource") inputs = given;
      return { id: name, state: given };
    },
    call: () => ({}),
  });
  const { Secrets } = await import("../../../components/secrets.ts");
  const { DockerPlatform } = await import("../../../platforms/docker/docker.ts");
  const settings = settingsFrom(
    { secrets: JSON.stringify({ brokerPassword: "mP4-given-x9" }) },
    () => "stack.yaml:3",
  );
  const gateway = { image: "gateway", port: 8443 };
  const platform = new DockerPlatform("docker", "unit", { machines: [], gateway, certificateGeneration: 1 });
  new Secrets("secrets", { platform, settings });
  await pulumi.runtime.disconnect();
  assert.deepEqual(inputs.given, {
    [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
    value: { brokerPassword: "mP4-given-x9" },
  });
});
