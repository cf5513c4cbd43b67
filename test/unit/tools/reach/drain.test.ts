import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stopWorkers } from "../../../../tools/lib/drain.ts";
import { withPrograms } from "../../standIns.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const calls = join(temporaryFolder("drain"), "calls");
// A deployment has removed the first of the two workers.
const docker = `echo "$*" >> ${calls}
case "$*" in *--all) echo b ;; ps*) printf 'a\\nb\\n' ;; esac`;
const called = () => readFileSync(calls, "utf8").trim().split("\n");

test("workers of a removed machine are stopped, and those that a failed deployment has left start again", () =>
  withPrograms({ docker }, async () => {
    const restart = await stopWorkers({ name: "big", docker: "ssh://airflow@10.0.0.11" }, "airflow-prod");
    const list = "ps --quiet --filter name=^/?airflow-prod-worker- --filter network=airflow-prod";
    assert.deepEqual(called(), [list, "stop a b"]);
    await restart();
    assert.deepEqual(called().slice(2), [`${list} --all`, "start b"]);
  }));
