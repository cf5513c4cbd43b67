import assert from "node:assert/strict";
import { after, test } from "node:test";
import { waitFor } from "../../tools/process.ts";
import { visit } from "./browser.ts";
import { docker, log } from "./docker.ts";
import { TestStack } from "./harness.ts";

const dag = "get_stocks_dag";
const stack = new TestStack("livetest-web", 18100);
const config = { workers: 1, settings: { api: { workers: 4 } } };
let run = "";

after(() => stack.remove());

const logOf = (name: string) => log(`${stack.prefix}-${name}`);

/** Waits until each process of the webserver serves: an error of the last one to start counts too. */
async function allServe(): Promise<void> {
  const serving = async () => (await logOf("webserver")).match(/Application startup complete/g)?.length ?? 0;
  await waitFor("4 processes that serve", 120, async () => ((await serving()) >= 4 ? true : undefined));
  const processes = await docker("top", `${stack.prefix}-webserver`, "-eo", "pid,args");
  assert.equal(processes.match(/multiprocessing\.spawn import spawn_main/g)?.length, 4, processes);
}

async function noDuplicates(): Promise<void> {
  // More starts than processes: one of them died.
  assert.equal((await logOf("webserver")).match(/Started server process/g)?.length, 4);
  for (const name of (await stack.instances()).keys()) {
    const lines = (await logOf(name)).split("\n");
    assert.ok(lines.length > 1, `the log of ${name} is empty`);
    const duplicates = lines.filter((line) => /duplicate key|UniqueViolation|IntegrityError/i.test(line));
    assert.deepEqual(duplicates, [], `in the log of ${name}`);
  }
}

test("4 webserver processes start on an empty database without duplicate keys", async () => {
  await stack.up(config);
  await allServe();
  await noDuplicates();
});

test("a browser sees the grid green, the worker online and the queue empty; without a login, nothing", async () => {
  run = await stack.trigger(dag);
  await stack.finished(dag, run);
  await visit(stack.outputs, run, stack.folder);
  await noDuplicates();
});

test("4 webserver processes start on a full database without duplicate keys", async () => {
  await stack.down();
  await stack.up(config);
  await allServe();
  assert.equal((await stack.api.dagRun(dag, run))?.state, "success");
  await noDuplicates();
});
