import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSecrets } from "../../../../package/deploy.ts";
import { cluster } from "../../cluster.ts";
import { type Config, settingsFor } from "../../settingsFrom.ts";
import { withPrograms } from "../../standIns.ts";

/** Stand-in for kubectl, which knows these Secrets of the namespace `team`. */
function kubectl(secrets: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const cases = Object.entries(secrets).map(([name, texts]) => {
    const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
    return `"--context c --namespace team get secret ${name} --output json") echo '${JSON.stringify({ data: Object.fromEntries(data) })}' ;;`;
  });
  return `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\n*) echo Forbidden >&2; exit 1 ;;\nesac\n`;
}

/** Returns the faults of a stack whose Secrets have these texts, without the place. */
async function faultsOf(config: Config, secrets: Parameters<typeof kubectl>[0]): Promise<string[]> {
  const given = { ...cluster, ...config, kubernetes: { context: "c", namespace: "team" } };
  const values = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return withPrograms({ kubectl: kubectl(secrets) }, async () => {
    const where = () => "stack.yaml:1";
    const check = checkSecrets(settingsFor(given), { values: { ...values, workers: "2" }, where });
    return check.then(
      () => [],
      ({ message }: Error) => message.split("\n").map((line) => line.replace("stack.yaml:1: ", "")),
    );
  });
}

const at = (key: string) => ({ secret: "db", key });
const fitting = "postgresql://air:9f2c1ab4c7d8e6f5@db.test:5432/airflow";

test("what a stack refuses in its file is refused in Secrets of the cluster, before anything is touched", async () => {
  const refused = [
    ["mysql://air:secret-word@db.test/airflow", /^postgres\.url is \[secret\]; its scheme is mysql: /],
    ["postgresql://air:p@ss@db.test/airflow", /its login has characters that mean something else in a URL/],
    ["postgresql://air@db.test/airflow", /it has no password/],
    ["postgresql://air:secret-word@db.test", /; expected postgresql:\/\/USER:PASSWORD@HOST:5432\/DATABASE/],
    [`${fitting}?options=-csearch_path%3Dx`, /its parameter options is not supported/],
  ] as const;
  for (const [url, fault] of refused) {
    const [first = "", ...others] = await faultsOf({ postgres: { url: at("url") } }, { db: { url } });
    assert.match(first, fault);
    assert.deepEqual(others, [], url);
    assert.doesNotMatch(first, /secret-word/);
  }
  const [uri = ""] = await faultsOf({ connections: { s: { uri: at("uri") } } }, { db: { uri: "no URL" } });
  assert.match(uri, /^connections\.s\.uri is \[secret\]; it is not a URL: expected TYPE:/);
  const [fernet = ""] = await faultsOf({ secrets: { fernetKey: at("key") } }, { db: { key: "short" } });
  assert.match(fernet, /^secrets\.fernetKey is \[secret\]; expected a fernet key/);
  const parameter = {
    postgres: { url: at("url") },
    pgbouncer: {},
    images: { ...cluster.images, pgbouncer: "r/pgbouncer:1" },
  };
  const [dropped = ""] = await faultsOf(parameter, { db: { url: `${fitting}?connect_timeout=3` } });
  assert.match(dropped, /PgBouncer would drop its parameter connect_timeout/);
});

test("a key that a Secret lacks is refused", async () => {
  const faults = await faultsOf({ postgres: { url: at("url") } }, { db: { uri: fitting } });
  assert.deepEqual(faults, ["postgres.url is {…}; Secret db has no key url: expected that key in it"]);
});

test("fitting Secrets, and Secrets that the deploying user may not read, are accepted, and so are passwords in use", async () => {
  const config = { postgres: { url: at("url") }, redis: { url: { secret: "broker", key: "url" } } };
  assert.deepEqual(await faultsOf(config, { db: { url: fitting } }), []);
  // Beside machines, a number of workers that the CLI fills in would be a fault.
  const nodes = { ...config, machines: [{ name: "a", node: "n1", workers: 1 }] };
  assert.deepEqual(await faultsOf(nodes, { db: { url: fitting } }), []);
  assert.deepEqual(await faultsOf(config, {}), []);
  assert.deepEqual(await faultsOf(config, { db: { url: "postgresql://air:airflow@db.test/airflow" } }), []);
});
