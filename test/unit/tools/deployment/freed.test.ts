import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scaleFreed } from "../../../../tools/lib/deployment/freed.ts";
import { cluster } from "../../cluster.ts";
import { declare, stateOf } from "../../mocks.ts";
import type { Config } from "../../settingsFrom.ts";
import { withPrograms } from "../../standIns.ts";

const groups = (more: Config) => ({
  ...cluster,
  workers: 2,
  workerGroups: [{ name: "gpu", queues: ["gpu"], ...more }],
});

/** Returns the calls of kubectl after a deployment that changes a group of workers. */
async function callsAfter(before: Config, after: Config, exit = 0): Promise<string> {
  const [first, second] = [stateOf(await declare(before)), stateOf(await declare(after))];
  const kubectl = `#!/bin/sh\necho "$*" >> "$0.calls"\nexit ${exit}\n`;
  return withPrograms({ kubectl }, async (folder) => {
    await scaleFreed(first, second, ["--namespace", "n"]);
    try {
      return readFileSync(join(folder, "kubectl.calls"), "utf8");
    } catch {
      return "";
    }
  });
}

const scaled = groups({ autoscale: { min: 1, max: 9 } });

test("a group that is autoscaled no longer gets the number of workers of the stack file, and no other does", async () => {
  const call = "--namespace n scale statefulset worker-gpu --replicas=3\n";
  assert.equal(await callsAfter(scaled, groups({ workers: 3 })), call);
  // Without the right to scale, the deployment has succeeded all the same.
  assert.equal(await callsAfter(scaled, groups({ workers: 3 }), 1), call);
  for (const [before, after] of [
    [scaled, scaled],
    [groups({ workers: 3 }), groups({ workers: 4 })],
    [groups({ workers: 3 }), scaled],
    [scaled, { ...cluster, workers: 2 }],
  ] as const)
    assert.equal(await callsAfter(before, after), "");
});
