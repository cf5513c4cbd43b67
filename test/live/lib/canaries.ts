import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config, TestStack } from "./harness.ts";

export type Canaries = Readonly<Record<string, string>>;

interface Exported {
  readonly deployment: {
    readonly resources: readonly { urn: string; outputs?: { values: { plaintext: string } } }[];
  };
}

/** Reads the plain values of the stack's secrets, which must not appear anywhere else. */
export async function canaries(stack: TestStack): Promise<Canaries> {
  const exported: Exported = JSON.parse(await stack.stack.pulumi(["stack", "export", "--show-secrets"]));
  const secrets = exported.deployment.resources.find(({ urn }) => urn.endsWith("::secrets"));
  if (!secrets?.outputs) throw new Error(`the state of ${stack.prefix} has no resource secrets with outputs`);
  return JSON.parse(secrets.outputs.values.plaintext);
}

/** Returns the forms of a secret: plain (of a PEM key, its data line, as line ends vary), base64, URL-encoded. */
function forms(value: string): string[] {
  const base64 = Buffer.from(value).toString("base64").replace(/=+$/, "");
  const [, key] = /^-----BEGIN .*-----\n(.*)$/m.exec(value) ?? [];
  return [key ?? value, base64, encodeURIComponent(value)];
}

/** Names the canaries that a text contains in any form. */
export function found(text: string, all: Canaries): string[] {
  return Object.keys(all).filter((name) => forms(all[name] ?? "").some((form) => text.includes(form)));
}

/**
 * Collects the texts that anybody with access to the platform, the terminal or the state folder can read.
 * @param config configuration to preview, with every property of every resource
 */
export async function places(stack: TestStack, config: Config): Promise<Map<string, string>> {
  const all = await stack.target.readable(stack.prefix);
  const logs = await stack.exec("scheduler", "grep", "-r", "", "/opt/airflow/logs");
  assert.match(logs, /dag_id=naps.*nap \d on worker-/);
  assert.match(logs, /dag_processor.*naps\.py/);
  all.set("logs volume", logs);
  await stack.configure(config);
  const preview = await stack.stack.pulumi(["preview", "--diff", "--refresh", "--show-sames"]);
  // Files of a container, or a cluster's Secret.
  assert.match(preview, /(uploads|data) *: (\{\s+\w+ *: )?\[secret\]/);
  all.set("preview", preview);
  all.set("plain state", readAll(join(stack.folder, "state")));
  return all;
}

function readAll(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map((file) => readFileSync(join(file.parentPath, file.name), "latin1")).join("\n");
}

/** Names the canaries in the layers of images, read as a stream because images are large. */
export async function inLayers(images: readonly string[], all: Canaries): Promise<string[]> {
  const child = spawn("docker", ["save", ...images], { stdio: ["ignore", "pipe", "inherit"] });
  const hits = new Set<string>();
  let tail = "";
  for await (const chunk of child.stdout) {
    const text = tail + (chunk as Buffer).toString("latin1");
    for (const name of found(text, all)) hits.add(name);
    tail = text.slice(-100);
  }
  const code = child.exitCode ?? (await new Promise<number | null>((done) => child.on("close", done)));
  if (code !== 0) throw new Error(`docker save failed with exit code ${code}`);
  return [...hits];
}
