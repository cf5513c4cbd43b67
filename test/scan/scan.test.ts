import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { stringify } from "yaml";
import { inTemporaryFolder } from "../../tools/lib/temporaryFolder.ts";
import {
  allowed,
  type Exception,
  excuses,
  type ScannerName,
  scanners,
  setUp,
  shown,
  stacks,
  withManifests,
} from "./scan.ts";

const names = Object.keys(scanners) as ScannerName[];
const used = new Set<Exception>();
const exceptions = Object.fromEntries(names.map((name) => [name, allowed(name)])) as Record<
  ScannerName,
  readonly Exception[]
>;
let tools: string;

before(async () => {
  tools = await setUp();
});

for (const stack of stacks()) {
  test(`scanners find nothing wrong with ${stack}`, async () => {
    await withManifests(stack, async (folder) => {
      const left = names.map(async (name) => {
        const found = await scanners[name](tools, folder);
        return found.filter((one) => {
          const excused = exceptions[name].filter((exception) => excuses(exception, stack, one));
          for (const exception of excused) used.add(exception);
          return excused.length === 0;
        });
      });
      const lines = (await Promise.all(left)).flatMap((found, index) =>
        found.map((one) => shown(stack, names[index] as string, one)),
      );
      assert.deepEqual(lines, []);
    });
  });
}

test("every exception is still needed", () => {
  const idle = names.flatMap((name) =>
    exceptions[name]
      .filter((exception) => !used.has(exception))
      .map(({ rule, where }) => [name, rule, where]),
  );
  assert.deepEqual(idle, []);
});

test("scanners notice a privileged container", async () => {
  const rules = {
    "kube-score": "container-security-context-privileged",
    kics: "Container Is Privileged",
    checkov: "CKV_K8S_16",
  };
  await inTemporaryFolder(async (folder) => {
    const containers = [{ name: "canary", image: "canary:1", securityContext: { privileged: true } }];
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "canary" }, spec: { containers } };
    writeFileSync(join(folder, "pod.yaml"), stringify(pod));
    const found = await Promise.all(names.map((name) => scanners[name](tools, folder)));
    for (const [index, name] of names.entries()) {
      const noticed = found[index]?.some(
        ({ rule, object }) => rule === rules[name] && object === "Pod/canary",
      );
      assert.ok(noticed, `${name} has no ${rules[name]}`);
    }
  });
});
