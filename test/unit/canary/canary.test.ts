import assert from "node:assert/strict";
import { test } from "node:test";
import { clientShares } from "../../../settings/model/connections.ts";
import { rolesIn } from "../../../settings/schema/versions.ts";
import { run } from "../../../tools/lib/process.ts";
import type { Uploads } from "../containers.ts";
import { containersOf, declare } from "../mocks.ts";
import { settingsFor } from "../settingsFrom.ts";

const own = "/opt/airflow/config/airflow_on_celery/";

async function containers(config: Parameters<typeof declare>[0]) {
  const all = [...containersOf(await declare(config))];
  return new Map(
    all.map(([name, { envs, uploads, entrypoints = [], command = [] }]) => {
      const files = (uploads as Uploads).map(({ file, content }) => [file, content] as const);
      return [
        name,
        {
          env: envs as string[],
          files: new Map(files),
          command: [...(entrypoints as string[]), ...(command as string[])],
        },
      ];
    }),
  );
}

for (const version of ["3.3.2", "2.11.2"]) {
  test(`Airflow ${version}: workers get the canary's DAG outside the folder of DAGs, and the scheduler gets the proof`, async () => {
    const all = await containers({ version, workers: 1 });
    const holders = (file: string) =>
      [...all].filter(([, { files }]) => files.has(own + file)).map(([name]) => name);
    assert.deepEqual(holders("canary.py"), ["worker-1"]);
    assert.deepEqual(holders("proof.py"), ["scheduler"]);
    assert.equal(all.has("canary"), false);
  });

  test(`Airflow ${version}: the canary's container runs the proof at its interval, with a login and one database connection`, async () => {
    const config = { version, workers: 1, canary: { every: "2h" } };
    const { command = [], files } =
      (await containers(config)).get("canary") ?? assert.fail("there is no canary");
    const url = "http://webserver:8080";
    assert.deepEqual(command.slice(-7), [
      "python",
      `${own}repeat.py`,
      "7200",
      "45",
      version[0],
      url,
      "admin",
    ]);
    assert.ok(files?.has("/run/secrets/admin_password"));
    for (const name of ["repeat.py", "proof.py", "rows.py"]) assert.ok(files?.has(own + name), name);
    assert.deepEqual(JSON.parse(files?.get(`${own}request.json`) ?? ""), {
      groups: [{ name: "worker", queues: ["default"], workers: ["worker-1"], places: 4 }],
      patience: 300,
      wakes: false,
    });
    const shares = clientShares(settingsFor(config));
    assert.deepEqual(
      shares.filter(({ client }) => client === "canary").map(({ count }) => count),
      [1],
    );
  });
}

test("links in mails and logs lead to the published port, and the webserver takes the address from each request", async () => {
  for (const [version, name] of [
    ["3.3.2", "AIRFLOW__API__BASE_URL"],
    ["2.11.2", "AIRFLOW__WEBSERVER__BASE_URL"],
  ] as const) {
    const all = await containers({ version, workers: 1, webserverPort: 9090 });
    const linked = [...all].filter(([, { env }]) => env.includes(`${name}=http://127.0.0.1:9090`));
    const others = ["migration", "webserver", "flower", "worker"];
    const writers = rolesIn(version).filter((role) => !others.includes(role));
    assert.deepEqual(linked.map(([role]) => role).sort(), [...writers, "worker-1"].sort());
    assert.ok(
      ![...all].some(
        ([role, { env }]) => role === "webserver" && env.some((line) => line.startsWith(`${name}=`)),
      ),
    );
  }
});

test("a proof leaves no temporary queue in the broker", async () => {
  await run("python3", ["test/unit/canary/proof.py"]);
});

test("a canary that fails ends, to be started again", async () => {
  await run("python3", ["test/unit/canary/repeat.py"]);
});
