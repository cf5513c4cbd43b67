import assert from "node:assert/strict";
import { test } from "node:test";
import { load, seal } from "../lib/away.ts";
import { canaries } from "../lib/canaries.ts";
import {
  assertOutlasted,
  assertUndisturbed,
  type Config,
  isRunning,
  type TestStack,
} from "../lib/harness.ts";
import { brokerTakes, databaseTakes, query } from "../lib/services.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";

/** Address of PgBouncer. */
const pooler = ["pgbouncer", 6432] as const;

const secretGenerations = {
  brokerPassword: 2,
  fernetKey: 2,
  jwtSecret: 2,
  metadataPassword: 2,
  resultsPassword: 2,
};

/** Lists the users of connections to Postgres from other pods, with the clients' addresses. */
export async function clients(stack: TestStack): Promise<string[]> {
  const sql =
    "SELECT DISTINCT usename || ' from ' || host(client_addr) FROM pg_stat_activity WHERE client_addr <> '127.0.0.1' ORDER BY 1";
  return (await query(stack, "postgres", "postgres_password", "postgres", sql)).trim().split("\n");
}

/**
 * Declares a test of a rotation while tasks run, on a stack that is deployed with its own Postgres and Redis, and PgBouncer.
 * @param config returns the configuration that the stack has
 */
export function rotates(stack: TestStack, config: () => Config): void {
  test("all secrets that can have two values, rotated while tasks run: no task and no login is lost, and PgBouncer uses the new logins", async (t) => {
    const { api } = stack;
    await seal(api);
    const earlier = await canaries(stack);
    const naps = await stack.trigger("naps", { seconds: 60 });
    const running = await stack.tasks("naps", naps, "six running tasks", (tasks) => {
      return tasks.filter(isRunning).length === 6;
    });
    const short = load(api);
    const begin = Date.now();
    await stack.up({ ...config(), secretGenerations });
    t.diagnostic(`rotated in ${Math.round((Date.now() - begin) / 1000)} s`);
    const runs = await short.stop();
    // The client still has the token of its first call: a login goes on.
    const tasks = await stack.finished("naps", naps);
    assertUndisturbed(tasks, 6);
    assertOutlasted(tasks, running, begin);
    t.diagnostic(`${runs.length} short tasks started meanwhile`);
    assert.ok(runs.length > 10);
    for (const run of runs) await runsUndisturbed(stack, "sealed", run, 1);

    const { brokerPassword, metadataPassword, resultsPassword, ...others } = await canaries(stack);
    assert.notEqual(others.fernetKey, earlier.fernetKey);
    for (const password of [earlier.brokerPassword, brokerPassword])
      assert.equal(await brokerTakes(stack, password), "True");
    for (const [user, password, database] of [
      ["airflow", earlier.metadataPassword, "metadata"],
      ["airflow_2", metadataPassword, "metadata"],
      ["airflow_results_2", resultsPassword, "results"],
    ] as const)
      assert.equal(await databaseTakes(stack, user, password, database, pooler), "True", user);
    assert.equal(
      await databaseTakes(stack, "airflow_results_2", resultsPassword, "metadata", pooler),
      "refused",
    );
    await runsUndisturbed(stack, "sealed", await stack.trigger("sealed"), 1);
    const users = (await clients(stack)).map((client) => client.split(" ")[0]);
    assert.deepEqual([...new Set(users)], ["airflow_2", "airflow_results_2"]);
  });
}
