import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../../tools/lib/process.ts";
import type { Uploads } from "../containers.ts";
import { containersOf, declare } from "../mocks.ts";

const own = "/opt/airflow/config/airflow_on_celery/";

/** Lists the retention programs of each container, and the ages that they get. */
async function programs(config: Parameters<typeof declare>[0]) {
  const all = [...containersOf(await declare({ workers: 1, ...config }))];
  return Object.fromEntries(
    all.flatMap(([name, { uploads }]) => {
      const files = new Map((uploads as Uploads).map((one) => [one.file, one.content]));
      const names = ["retention.py", "records.py", "orphans.py", "unfinished.py"].filter((file) =>
        files.has(own + file),
      );
      const [, ages] = /^AGES = (.*)$/m.exec(files.get(`${own}retention.py`) ?? "") ?? [];
      return names.length > 0 ? [[name, { names, ages: JSON.parse(ages ?? "null") }]] : [];
    }),
  );
}

test("workers, triggerers and the DAG processor remove old logs, and the scheduler removes old records too", async () => {
  const ages = { logs: 30, metadata: 90, results: 7 };
  const all = ["retention.py", "records.py", "orphans.py", "unfinished.py"];
  assert.deepEqual(await programs({}), {
    scheduler: { names: all, ages },
    "dag-processor": { names: ["retention.py"], ages },
    triggerer: { names: ["retention.py"], ages },
    "worker-1": { names: ["retention.py"], ages },
  });
  assert.deepEqual(await programs({ version: "2.11.2" }), {
    scheduler: { names: all, ages },
    triggerer: { names: ["retention.py"], ages },
    "worker-1": { names: ["retention.py"], ages },
  });
});

test("a stack that keeps its data forever removes the logs of DAG processing only", async () => {
  const never = { logs: "never", metadata: "never", results: "never" };
  const kept = { names: ["retention.py"], ages: {} };
  const keeps = { scheduler: kept, "dag-processor": kept, triggerer: kept, "worker-1": kept };
  assert.deepEqual(await programs({ retention: never }), keeps);
  const ages = { results: 1 };
  const cleans = { names: ["retention.py"], ages };
  assert.deepEqual(await programs({ retention: { ...never, results: "1d" } }), {
    scheduler: { names: ["retention.py", "records.py", "orphans.py", "unfinished.py"], ages },
    "dag-processor": cleans,
    triggerer: cleans,
    "worker-1": cleans,
  });
});

for (const program of ["logs", "orphans", "unfinished"]) {
  test(`the retention program removes old data, and nothing else: ${program}`, async () => {
    await run("python3", [`test/unit/retention/${program}.py`]);
  });
}
