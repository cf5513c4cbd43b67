import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { dockerStack } from "../drill/deployments/docker.ts";
import { StackDeployment } from "../drill/deployments/stack.ts";
import { drill } from "../drill/drilling.ts";
import { kindsOn } from "../drill/plan/kinds.ts";
import { scheduleOf } from "../drill/plan/schedule.ts";
import { told } from "../drill/results/report.ts";

const folder = await mkdtemp(join(tmpdir(), "airflow-livetest-drill-"));
const deployment = new StackDeployment({ ...dockerStack, name: "livetest-faultdrill", port: 18740 }, folder);
const { layout } = deployment;

/** Together they have every kind of fault once. */
const seeds = [4, 5];
const schedules = seeds.map((seed) => {
  const faults = scheduleOf(seed, { platform: "docker", layout, count: 8, longest: 8, calm: [1, 3] });
  return { seed, faults };
});

after(async () => {
  await deployment.remove();
  rmSync(folder, { recursive: true, force: true });
});

for (const { seed, faults } of schedules)
  test(`faults of seed ${seed}: no task is lost, charged or run twice`, async (t) => {
    const result = await drill(deployment, seed, faults, false);
    t.diagnostic(told(result));
    assert.deepEqual(result.findings, []);
  });

test("every kind of fault was among them", () => {
  const had = schedules.flatMap(({ faults }) => faults.map(({ kind }) => kind));
  assert.deepEqual(had.sort(), [...kindsOn("docker")].sort());
});
