import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { dockerStack } from "../../drill/deployments/docker.ts";
import { folderOf, StackDeployment } from "../../drill/deployments/stack.ts";
import { drill } from "../../drill/drilling.ts";
import { kindsOn } from "../../drill/plan/kinds.ts";
import { scheduleOf } from "../../drill/plan/schedule.ts";
import { scheduleReport } from "../../drill/results/report.ts";

const name = "livetest-handful";
// An interrupted run leaves the state of a stack that the runner has swept away since.
rmSync(folderOf(name), { recursive: true, force: true });
const deployment = new StackDeployment({ ...dockerStack, name, port: 18740 });
const { platform, layout } = deployment;
const kinds = kindsOn(platform);
const seed = 4;
const faults = scheduleOf(seed, { platform, layout, count: kinds.length, longest: 5, calm: [1, 2] });

after(() => deployment.remove());

test("every kind of fault, one after the other: no task is lost, charged or run twice", async (t) => {
  assert.deepEqual(faults.map(({ kind }) => kind).sort(), [...kinds].sort());
  const result = await drill(deployment, seed, faults);
  t.diagnostic(scheduleReport(result));
  assert.deepEqual(result.findings, []);
});
