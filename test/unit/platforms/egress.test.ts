import assert from "node:assert/strict";
import { test } from "node:test";
import { policy } from "../../../platforms/kubernetes/policies.ts";

function outside(to: readonly string[], except: readonly string[]): unknown {
  const workload = {
    image: "image:1",
    command: [],
    user: { uid: 1, gid: 1 },
    limits: { memory: 1, cpu: 1 },
    reaches: [],
    outbound: true,
    stop: { signal: "SIGTERM", graceSeconds: 1 },
  } as const;
  // The first rule is for DNS.
  return (policy("worker", workload, { egress: { to, except }, dns: [] }).egress as unknown[]).slice(1);
}

test("an exception is listed for every range that contains it", () => {
  assert.deepEqual(outside(["0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/24"], ["10.0.0.0/16", "169.254.0.0/16"]), [
    {
      to: [
        { ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/16", "169.254.0.0/16"] } },
        { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/16"] } },
        { ipBlock: { cidr: "192.0.2.0/24" } },
      ],
    },
  ]);
});

test("a range inside an exception is left out, and without ranges there is no egress rule", () => {
  assert.deepEqual(outside(["10.0.2.0/24"], ["10.0.0.0/16"]), []);
  assert.deepEqual(outside([], []), []);
});
