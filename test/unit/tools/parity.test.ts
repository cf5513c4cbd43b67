import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedDeclared } from "../../parity/allowed.ts";
import { containerFacts } from "../../parity/container.ts";
import { Ledger } from "../../parity/facts.ts";
import { podFacts } from "../../parity/pod.ts";
import { twins } from "../../parity/stacks.ts";
import { declare } from "../mocks.ts";

const ledger = new Ledger(allowedDeclared);

for (const { name, docker, kubernetes, counterpart } of twins()) {
  test(`${name}: every workload gets the same inputs on both platforms`, async () => {
    const containers = containerFacts(await declare(docker), "airflow-unit");
    const pods = podFacts(await declare(kubernetes));
    assert.deepEqual(new Set([...pods.keys()].map(counterpart)), new Set(containers.keys()));
    const unexplained = [...pods].flatMap(([workload, facts]) =>
      ledger.compare(workload, containers.get(counterpart(workload)) ?? {}, facts),
    );
    assert.deepEqual(unexplained, []);
  });
}

test("allowed differences occur, and have a reason", (t) => {
  for (const line of ledger.lines()) t.diagnostic(line);
  assert.deepEqual(ledger.unused(), []);
});
