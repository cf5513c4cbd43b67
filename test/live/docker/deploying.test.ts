import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { waitFor } from "../../runner/waiting.ts";
import { settingsFrom } from "../../unit/settingsFrom.ts";
import { canaries, inLayers } from "../lib/canaries.ts";
import { deploys, removes } from "../lib/deploying.ts";
import { TestStack } from "../lib/harness.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";

const stack = new TestStack("livetest-deploying", 18080);

after(() => stack.remove());

deploys(stack, /migration failed with exit code 1.*docker logs airflow-livetest-deploying-migration/s);

test("a new DAG and an edited one are picked up without a deployment", async (t) => {
  const file = join(stack.dags, "get_stocks_dag.py");
  const source = readFileSync(file, "utf8");
  writeFileSync(join(stack.dags, "hello_dag.py"), source.replaceAll("get_stocks_dag", "hello_dag"));
  await stack.finished("hello_dag", await stack.trigger("hello_dag"));

  writeFileSync(file, source.replace(/SYMBOLS = .*/, 'SYMBOLS = ["IBM", "NVDA"]'));
  const begin = Date.now();
  const edited = await waitFor("the edited DAG to be read", 90, async () => {
    const known = await stack.api.call<{ tasks: { task_id: string }[] }>("/dags/get_stocks_dag/tasks");
    const names = known?.tasks.map(({ task_id }) => task_id).sort();
    return names?.includes("get_ibm") ? names : undefined;
  });
  assert.deepEqual(edited, ["get_ibm", "get_nvda"]);
  t.diagnostic(`the edited DAG was read after ${Math.round((Date.now() - begin) / 1000)} s`);
  await runsUndisturbed(stack, "get_stocks_dag", await stack.trigger("get_stocks_dag"), 2);
});

test("no layer of an image contains a secret", async () => {
  const { airflow, postgres, redis } = settingsFrom({}, String).images;
  assert.deepEqual(await inLayers([airflow, postgres, redis], await canaries(stack)), []);
});

removes(stack);
