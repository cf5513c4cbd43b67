import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { stackFile } from "../../../tools/lib/stack.ts";
import { type Manifest, type Rendered, render } from "../../../tools/render.ts";
import { stacks } from "../../scan/scan.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("render");

/** Staging, with a group whose KEDA scaler gets a login. */
function autoscaled(): string {
  const { config } = parse(readFileSync(stackFile("staging"), "utf8"));
  const groups = [{ name: "gpu", queues: ["gpu"], autoscale: { min: 0, max: 2 } }];
  const file = join(folder, "autoscaled.yaml");
  writeFileSync(file, stringify({ config: { ...config, "airflow:workerGroups": groups } }));
  return file;
}

interface PodSpec {
  readonly containers: readonly unknown[];
  readonly volumes: readonly {
    readonly secret?: { readonly secretName: string };
    readonly configMap?: { readonly name: string };
  }[];
}

/** Lists the secret files that a pod names in its container or its ConfigMaps, by Secret. */
function inPod({ containers, volumes }: PodSpec, manifests: readonly Manifest[]): [string, string[]][] {
  const files = volumes.map(({ configMap }) =>
    manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap?.name),
  );
  const paths = JSON.stringify([containers, files]).matchAll(/\/run\/secrets\/([\w.]*\w)/g);
  const keys = [...new Set([...paths].map(([, key = ""]) => key))];
  return volumes.flatMap(({ secret }) => (secret ? [[secret.secretName, keys]] : []));
}

interface Spec {
  readonly template?: { readonly spec: PodSpec };
  readonly tls?: readonly { readonly secretName: string }[];
  readonly secretTargetRef?: readonly { readonly name: string; readonly key: string }[];
}

/** Lists the keys that objects need, by Secret. */
function wanted(manifests: readonly Manifest[]): Record<string, string[]> {
  const found = manifests.flatMap((manifest): [string, string[]][] => {
    const { template, tls = [], secretTargetRef = [] } = (manifest.spec ?? {}) as Spec;
    const pulled = (manifest.imagePullSecrets ?? []) as { name: string }[];
    return [
      ...(template ? inPod(template.spec, manifests) : []),
      ...tls.map(({ secretName }): [string, string[]] => [secretName, ["tls.crt", "tls.key"]]),
      ...secretTargetRef.map(({ name }): [string, string[]] => [name, secretTargetRef.map(({ key }) => key)]),
      ...pulled.map(({ name }): [string, string[]] => [name, [".dockerconfigjson"]]),
    ];
  });
  return Object.fromEntries(found.map(([name, keys]) => [name, keys.sort()]));
}

/** Lists the placeholders of minted secrets, as rendered. */
function minted({ secrets }: Rendered): Set<string> {
  return new Set(JSON.stringify(secrets).match(/\{[a-z]+([A-Z][a-z]+)+\}/g));
}

const files = new Map([...stacks().map((name) => [name, stackFile(name)] as const), ["gpu", autoscaled()]]);

for (const [name, file] of files) {
  test(`${name}: manifests contain no form of a secret, and need exactly the secrets that are listed`, async () => {
    const rendered = await render(name, file);
    const { manifests, secrets } = rendered;
    const values = minted(rendered);
    assert.equal(values.size, 8);
    for (const value of values) {
      const forms = ["hex", "base64", "base64url"] as const;
      const hashes = forms.map((form) => createHash("sha256").update(value).digest(form));
      for (const text of [value, Buffer.from(value).toString("base64"), ...hashes]) {
        const holders = manifests.filter((manifest) => JSON.stringify(manifest).includes(text));
        assert.deepEqual(holders, [], value);
      }
    }
    const listed = Object.entries(secrets).map(([secret, texts]) => [secret, Object.keys(texts).sort()]);
    assert.deepEqual(wanted(manifests), Object.fromEntries(listed));
  });
}

test("the broker's password is the same placeholder for clients and in the users of Redis", async () => {
  const { secrets } = await render("prod", stackFile("prod"));
  assert.equal(secrets.scheduler?.broker_url, "redis://airflow:{brokerPassword}@redis:6379/0");
  assert.match(secrets.redis?.["users.acl"] ?? "", /^user airflow on >\{brokerPassword\} ~\* &\* \+@all /m);
});
