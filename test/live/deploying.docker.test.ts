import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { settingsFrom } from "../../config.ts";
import { canaries, inLayers } from "./canaries.ts";
import { deploys, removes } from "./deploying.ts";
import { TestStack } from "./harness.ts";

const stack = new TestStack("livetest-deploying", 18080);

after(() => stack.remove());

deploys(stack);

test("an edited DAG is picked up without a deployment", async () => {
  const source = readFileSync(join(stack.dags, "get_stocks_dag.py"), "utf8");
  writeFileSync(join(stack.dags, "hello_dag.py"), source.replaceAll("get_stocks_dag", "hello_dag"));
  await stack.finished("hello_dag", await stack.trigger("hello_dag"));
});

test("no layer of an image contains a secret", async () => {
  const { airflow, postgres, redis } = settingsFrom({}, String).images;
  assert.deepEqual(await inLayers([airflow, postgres, redis], await canaries(stack)), []);
});

removes(stack);
