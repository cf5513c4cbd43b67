import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { followContext } from "../../../platforms/endpoint.ts";
import { settingsFrom } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("endpoint");
const { PATH } = process.env;

/** Puts a stand-in for the Docker client first in the PATH; it answers `context inspect`, or fails with a message. */
function client(context: object | string): void {
  const answer =
    typeof context === "string" ? `echo '${context}' >&2; exit 1` : `echo '${JSON.stringify([context])}'`;
  const file = join(folder, "docker");
  writeFileSync(file, `#!/bin/sh\n[ "$*" = "context inspect" ] || exit 2\n${answer}\n`);
  chmodSync(file, 0o755);
  process.env.PATH = `${folder}:${PATH}`;
}

const variables = ["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] as const;
beforeEach(() => {
  for (const variable of variables) delete process.env[variable];
});

function followed(): unknown[] {
  return variables.map((variable) => process.env[variable]);
}

const here = settingsFrom({}, () => "");
const remote = {
  Endpoints: { docker: { Host: "tcp://10.0.0.9:2376" } },
  TLSMaterial: { docker: ["ca.pem"] },
  Storage: { TLSPath: "/t" },
};

test("the provider follows the context of the Docker client", async () => {
  client({ Endpoints: { docker: { Host: "ssh://ada@10.0.0.9" } }, TLSMaterial: {}, Storage: {} });
  await followContext(here);
  assert.deepEqual(followed(), ["ssh://ada@10.0.0.9", undefined, undefined]);
});

test("a context with TLS leads to its certificates", async () => {
  client(remote);
  await followContext(here);
  assert.deepEqual(followed(), ["tcp://10.0.0.9:2376", "1", "/t/docker"]);
});

test("a context with the default engine sets no variable", async () => {
  client({ Endpoints: { docker: { Host: "unix:///var/run/docker.sock" } } });
  await followContext(here);
  assert.deepEqual(followed(), [undefined, undefined, undefined]);
});

test("DOCKER_HOST overrides the context, and a stack with machines ignores it", async () => {
  client(remote);
  process.env.DOCKER_HOST = "unix:///mine";
  await followContext(here);
  assert.deepEqual(followed(), ["unix:///mine", undefined, undefined]);
  delete process.env.DOCKER_HOST;
  const machines = JSON.stringify([{ name: "a", docker: "ssh://a", address: "10.0.0.1" }]);
  await followContext(settingsFrom({ machines }, () => ""));
  assert.deepEqual(followed(), [undefined, undefined, undefined]);
});

test("a missing context is refused before anything is deployed elsewhere", async () => {
  client('context "nope" does not exist');
  await assert.rejects(followContext(here), {
    message: /^The Docker client's context cannot be read: .*nope/,
  });
});
