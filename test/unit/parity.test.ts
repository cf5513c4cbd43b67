import assert from "node:assert/strict";
import { test } from "node:test";
import { containerFacts } from "../parity/container.ts";
import { type Allowance, Ledger } from "../parity/facts.ts";
import { podFacts } from "../parity/pod.ts";
import { twins } from "../parity/stacks.ts";
import { declare } from "./mocks.ts";

/** What may differ between the platforms. */
const allowed: readonly Allowance[] = [
  {
    about: /^env AIRFLOW__API__BASE_URL$/,
    docker: /^\(absent\)$/,
    kubernetes: /^https:\/\/[^/]+$/,
    reason: "it is the address of the ingress, which an engine does not have",
  },
  {
    about: /^stop: seconds before the signal$/,
    docker: /^0$/,
    kubernetes: /^5$/,
    reason: "until then every node has taken the pod's address off its list",
  },
  {
    about: /^in front of the command$/,
    docker: /^$/,
    kubernetes: /^sh -c find \/dev\/shm -mindepth 1 -delete; unset PWD; exec "\$@" sh$/,
    reason: "memory of a pod outlives its containers; the shell becomes the command, which is process 1",
  },
  {
    about: /^scratch \/[\w/]+$/,
    docker: /^\(absent\)$/,
    kubernetes: /^writable$/,
    reason: "it is a mount where the root file system is read-only, and a part of that where it is not",
  },
  {
    about: /^root file system$/,
    docker: /^writable$/,
    kubernetes: /^read-only$/,
    reason:
      "an engine delivers files by writing to the root file system; roles write to their mounts on both",
  },
];

const ledger = new Ledger(allowed);

for (const { name, docker, kubernetes, counterpart } of twins()) {
  test(`${name}: every workload is given the same on both platforms`, async () => {
    const containers = containerFacts(await declare(docker), "airflow-unit");
    const pods = podFacts(await declare(kubernetes));
    assert.deepEqual(new Set([...pods.keys()].map(counterpart)), new Set(containers.keys()));
    const unexplained = [...pods].flatMap(([workload, facts]) =>
      ledger.compare(workload, containers.get(counterpart(workload)) ?? {}, facts),
    );
    assert.deepEqual(unexplained, []);
  });
}

test("what may differ does, for a reason", (t) => {
  for (const line of ledger.lines()) t.diagnostic(line);
  assert.deepEqual(ledger.unused(), []);
});
