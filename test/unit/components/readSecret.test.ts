import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { readSecret } from "../../../components/readSecret.ts";
import { DockerPlatform } from "../../../platforms/docker/docker.ts";
import { KubernetesPlatform } from "../../../platforms/kubernetes/kubernetes.ts";
import { kubernetesDefaults } from "../../../settings/schema/kubernetes.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("given");

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const reads: string[] = [];
await pulumi.runtime.setMocks({
  newResource({ id, name, inputs }) {
    if (id) reads.push(id);
    const texts = {
      password: "from the cluster",
      client: "s3cret\n",
      pem: "-----\nkey\n-----\r\n",
      none: "\n",
    };
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    );
    return { id: id || name, state: id ? { ...inputs, data } : inputs };
  },
  call: () => ({}),
});
const docker = new DockerPlatform("docker", "unit", {
  machines: [],
  gateway: { image: "gateway", port: 8443 },
  certificateGeneration: 1,
});
const cluster = new KubernetesPlatform("kubernetes", "airflow-unit", kubernetesDefaults);

function settled(output: pulumi.Output<string>): Promise<string> {
  return new Promise((resolve, reject) => {
    output.apply((value) => resolve(value));
    pulumi.runtime.disconnect().catch(reject);
  });
}

test("a secret is read from the stack file, a file or a Secret, and is always marked as secret", async () => {
  const expected: [pulumi.Output<string>, string][] = [
    [readSecret("the value\n", docker), "the value\n"],
    [readSecret({ file: written("one", "one line\n") }, docker), "one line"],
    [readSecret({ file: written("two", "key\r\n") }, docker), "key"],
    [readSecret({ file: written("pem", "-----\nkey\n-----\n\n") }, docker), "-----\nkey\n-----\n"],
    [readSecret({ secret: "ours", key: "password" }, cluster), "from the cluster"],
    [readSecret({ secret: "ours", key: "client" }, cluster), "s3cret"],
    [readSecret({ secret: "ours", key: "pem" }, cluster), "-----\nkey\n-----"],
  ];
  for (const [output, value] of expected) {
    assert.equal(await settled(output), value);
    assert.equal(await pulumi.isSecret(output), true);
  }
  assert.deepEqual(reads, ["airflow-unit/ours"]);
});

test("an empty file, a missing file, and a Secret without a cluster are errors", () => {
  assert.throws(
    () => readSecret({ file: written("none", "\n") }, docker),
    /none is empty; expected a secret in it/,
  );
  assert.throws(() => readSecret({ file: join(folder, "missing") }, docker), /ENOENT.*missing/);
  assert.throws(
    () => readSecret({ secret: "ours", key: "password" }, docker),
    /password of the Secret ours is in no cluster; expected a value or a file/,
  );
});
