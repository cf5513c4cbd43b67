import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { containersOf, declare } from "../mocks.ts";

const roles = [
  "dag-processor",
  "flower",
  "migration",
  "postgres",
  "redis",
  "scheduler",
  "triggerer",
  "webserver",
];

test("a stack declares one container per role and per worker, one network, four volumes", async () => {
  for (const workers of [0, 1, 3]) {
    const declared = await declare({ workers });
    const expected = [...roles, ...Array.from({ length: workers }, (_, i) => `worker-${i + 1}`)];
    assert.deepEqual([...containersOf(declared).keys()].sort(), expected);
    const volumes = declared
      .filter(({ type }) => type === "docker:index/volume:Volume")
      .map(({ name }) => name);
    assert.deepEqual(volumes.sort(), ["data", "logs", "postgres-data", "redis-data"]);
    assert.equal(declared.filter(({ type }) => type === "docker:index/network:Network").length, 1);
  }
});

test("only the webserver and Flower are published, on the loopback interface", async () => {
  const containers = containersOf(await declare({ webserverPort: 9001, flowerPort: 9002 }));
  const published = [...containers].filter(([, inputs]) => inputs.ports !== undefined);
  assert.deepEqual(Object.fromEntries(published.map(([name, { ports }]) => [name, ports])), {
    webserver: [{ internal: 8080, external: 9001, ip: "127.0.0.1" }],
    flower: [{ internal: 5555, external: 9002, ip: "127.0.0.1" }],
  });
});

test("no secret is in an environment, a command or a health check", async () => {
  for (const [name, { uploads, ...visible }] of containersOf(await declare())) {
    assert.doesNotMatch(JSON.stringify(visible), /minted-/, name);
    assert.match(JSON.stringify(uploads), /minted-/, name);
  }
});

test("every container runs unprivileged, with limits on memory and logs", async () => {
  for (const [name, inputs] of containersOf(await declare())) {
    assert.match(String(inputs.user), /^(50000:0|999:999)$/, name);
    assert.deepEqual(inputs.capabilities, { drops: ["ALL"] }, name);
    assert.deepEqual(inputs.securityOpts, ["no-new-privileges:true"], name);
    assert.equal(inputs.memory, inputs.memorySwap, name);
    assert.ok(Number(inputs.memory) >= 512, name);
    assert.deepEqual(inputs.logOpts, { "max-size": "10m", "max-file": "3" }, name);
    assert.equal(inputs.stopTimeout, inputs.destroyGraceSeconds, name);
    assert.equal(inputs.restart, name === "migration" ? "no" : "unless-stopped", name);
    assert.equal(inputs.wait, name === "migration" ? undefined : true, name);
  }
});

test("no container that needs the schema starts after a failed migration", () => {
  const program = `
    const { declare } = await import("./test/unit/mocks.ts");
    process.on("unhandledRejection", (error) => { console.log(error.message); process.exit(3); });
    const declared = await declare({}, 1);
    console.log([...declared.map(({ name }) => name)].join());`;
  const { status, stdout } = spawnSync("node", ["--input-type=module", "-e", program], { encoding: "utf8" });
  assert.equal(status, 3);
  assert.match(stdout, /migration failed with exit code 1.*docker logs airflow-unit-migration/s);
  assert.doesNotMatch(stdout, /scheduler/);
});
