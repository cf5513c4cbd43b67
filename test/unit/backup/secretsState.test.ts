import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { stored } from "../../../components/secrets.ts";
import { sourceOf } from "../../../dynamicResource.ts";
import { secretNames } from "../../../settings/schema/schema.ts";
import {
  droppedKeyFault,
  hasVolumes,
  secretsIn,
  secretsState,
  validFernetKeys,
} from "../../../tools/lib/backup/secretsState.ts";

const pem = () =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const text = () => randomBytes(24).toString("base64url");

const values = {
  ...(Object.fromEntries(secretNames.map((name) => [name, text()])) as Record<
    (typeof secretNames)[number],
    string
  >),
  jwtSecret: pem(),
};
const archived = {
  values,
  previous: { fernetKey: text() },
  older: { ...Object.fromEntries(secretNames.map((name) => [name, []])), fernetKey: [text(), text()] },
  replaced: Object.fromEntries(secretNames.map((name) => [name, name === "fernetKey" ? 2 : 0])),
};
const made = secretsState("again", archived, { fernetKey: 3 });
const state = { deployment: { resources: made } };
const secrets = secretsIn(state) ?? assert.fail("there are no secrets");

/** Parses a value that the CLI encrypts when it imports the state. */
function opened(value: unknown): unknown {
  const { plaintext } = value as { readonly plaintext: string };
  return JSON.parse(plaintext);
}

test("in the written state each resource follows its parent and its provider, as the CLI requires", () => {
  assert.deepEqual(
    made.map(({ urn }) => urn),
    [
      "urn:pulumi:again::airflow::pulumi:pulumi:Stack::airflow-again",
      "urn:pulumi:again::airflow::airflow:index:Airflow::airflow",
      "urn:pulumi:again::airflow::pulumi:providers:pulumi-nodejs::default",
      "urn:pulumi:again::airflow::airflow:index:Airflow$pulumi-nodejs:dynamic:Resource::secrets",
    ],
  );
  assert.equal(hasVolumes(state), false);
  assert.equal(
    hasVolumes({
      deployment: {
        resources: [{ urn: "u", type: "docker:index/volume:Volume", outputs: { name: "logs" } }],
      },
    }),
    true,
  );
});

test("restored secrets are marked as secret, and the next deployment mints none", async () => {
  const { outputs = {} } = secrets;
  for (const value of [...Object.values(values), archived.previous.fernetKey])
    assert.ok(!JSON.stringify({ ...outputs, values: "", previous: "", older: "" }).includes(value));
  assert.deepEqual(opened(outputs.values), values);
  assert.deepEqual(opened(outputs.older), archived.older);
  const held = {
    ...outputs,
    values: opened(outputs.values),
    previous: opened(outputs.previous),
    older: opened(outputs.older),
  };
  const wanted = { names: secretNames, given: {}, generations: { fernetKey: 3 }, previousSecrets: "valid" };
  const difference = await stored.provider.diff?.("secrets", held as never, wanted as never);
  assert.equal(difference?.changes, false);
  assert.equal(outputs.__provider, sourceOf(stored));
  assert.equal(JSON.parse(String(outputs.jwks)).keys.length, 1);
});

test("the current fernet key decrypts a stack's data, and until previous secrets are dropped all earlier ones", () => {
  const known = (previous: object) => ({ ...secrets, outputs: { values, previous, older: archived.older } });
  const { fernetKey: earlier } = archived.older;
  assert.deepEqual(validFernetKeys(known(archived.previous)), [values.fernetKey, ...earlier]);
  assert.deepEqual(validFernetKeys(known({})), [values.fernetKey]);
});

test("a backup from between the two steps of a replacement needs the second step once its older key is dropped", () => {
  const { fernetKey } = archived.previous;
  const fault = (
    valid: readonly string[],
    previousSecrets: "valid" | "dropped",
    previous = archived.previous,
  ) => droppedKeyFault(valid, { previous }, { previousSecrets }, "B1");
  assert.match(fault([values.fernetKey], "valid") ?? "", /expected previousSecrets: dropped/);
  assert.equal(fault([values.fernetKey], "dropped"), undefined);
  assert.equal(fault([values.fernetKey, fernetKey], "valid"), undefined);
  assert.equal(fault([values.fernetKey], "valid", {} as typeof archived.previous), undefined);
});
