import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, project, waitFor } from "../../../../tools/lib/process.ts";
import { reach, reachWebserver } from "../../../../tools/lib/reach/reach.ts";
import { Stack } from "../../../../tools/lib/stack.ts";
import { withPrograms } from "../../standIns.ts";

/** Stand-in for kubectl, whose forwarding listens at the port itself, and for the Docker client; notes its arguments. */
const client = `#!/usr/bin/env node
require("node:fs").appendFileSync(__filename + ".calls", process.argv.slice(2).join(" ") + "\\n");
const [local] = process.argv.at(-1).split(":");
if (process.argv.includes("port-forward")) {
  require("node:net").createServer().listen(Number(local), "127.0.0.1");
  setTimeout(process.exit, 60_000);
}
`;

const ports = [18290, 18292] as const;

const config = `config:
  airflow:platform: kubernetes
  airflow:webserverPort: ${ports[0]}
  airflow:flowerPort: ${ports[1]}
  airflow:images: { airflow: r/a:1, postgres: r/p:1, redis: r/r:1 }
  airflow:dagsGit: { url: https://git.example.com/dags.git }
`;

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.on("connect", () => done(true)).on("error", () => done(false));
    socket.once("connect", () => socket.end());
  });
}

test("a command that fails while it forwards ports leaves no kubectl behind", async () => {
  await withPrograms({ kubectl: client }, async (folder) => {
    const file = join(folder, "Pulumi.x.yaml");
    writeFileSync(file, config);
    const command = `
      const { reach } = await import("${project}/tools/lib/reach/reach.ts");
      const { Stack } = await import("${project}/tools/lib/stack.ts");
      await reach(new Stack("x", ${JSON.stringify(file)}));
      console.log("forwards");
      throw new Error("nobody reads");
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", command], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const told = child.stdout.toArray();
    assert.equal(await ended(child), 1);
    assert.equal(String(await told), "forwards\n");
    for (const port of ports)
      await waitFor(`port ${port} to be free`, 10, async () => ((await listens(port)) ? undefined : true));
  });
});

/** Stand-in for kubectl, whose forwarding notes its process in a file and never listens. */
const deaf = `#!/usr/bin/env node
if (process.argv.includes("port-forward")) {
  require("node:fs").appendFileSync(__filename + ".pids", process.pid + "\\n");
  setTimeout(process.exit, 60_000);
}
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("forwarding that fails leaves no kubectl behind", async (context) => {
  await withPrograms({ kubectl: deaf }, async (folder) => {
    const file = join(folder, "Pulumi.x.yaml");
    writeFileSync(file, config);
    const started = join(folder, "kubectl.pids");
    const pids = () =>
      (existsSync(started) ? readFileSync(started, "utf8").trim().split("\n") : []).map(Number);
    context.mock.timers.enable({ apis: ["Date"], now: Date.now() });
    const failed = assert.rejects(reach(new Stack("x", file)), /Waited 60 s in vain for webserver/);
    while (pids().length < ports.length) await sleep(50);
    context.mock.timers.tick(61_000);
    await failed;
    context.mock.timers.reset();
    await waitFor("the end of kubectl", 5, async () => (pids().some(isAlive) ? undefined : true));
    await sleep(1500);
    assert.equal(pids().length, ports.length);
  });
});

const remoteConfig = `config:
  airflow:webserverPort: ${ports[0]}
  airflow:flowerPort: ${ports[1]}
  airflow:webservers: 2
  airflow:machines: [{ name: big, docker: "ssh://airflow@big", address: 10.0.0.2, workers: 1 }]
`;

for (const [where, program, text, calls] of [
  ["in a cluster", "kubectl", config, /^.* get service webserver\n.* port-forward service\/webserver .*\n$/],
  ["on a machine", "docker", remoteConfig, /^container inspect .* airflow-x-webserver-1\n$/],
] as const)
  test(`commands reach one webserver ${where} while another process has the stack's ports`, async () => {
    await withPrograms({ [program]: client }, async (folder) => {
      const file = join(folder, "Pulumi.x.yaml");
      writeFileSync(file, text);
      const stack = new Stack("x", file);
      const others = ports.map((port) => createServer().listen(port, "127.0.0.1"));
      try {
        await Promise.all(others.map((other) => other.listening || once(other, "listening")));
        await assert.rejects(reach(stack), new RegExp(`webserverPort is ${ports[0]}, which is in use`));
        rmSync(join(folder, `${program}.calls`));
        const { url, end } = await reachWebserver(stack, stack.deployed());
        assert.ok(await listens(Number(new URL(url).port)));
        end();
        assert.match(readFileSync(join(folder, `${program}.calls`), "utf8"), calls);
      } finally {
        for (const other of others) other.close();
      }
    });
  });

for (const [complaint, error] of [
  [
    "Unable to connect to the server: EOF",
    /^the cluster did not answer kubectl get service: Unable to connect .* EOF; expected/,
  ],
  [
    'services "flower" not found',
    /^Namespace airflow-x lacks webserver or flower; expected the services of stack x\.$/,
  ],
] as const)
  test(`forwarding fails with the cause: ${complaint}`, () =>
    withPrograms({ kubectl: `#!/bin/sh\necho '${complaint}' >&2\nexit 1\n` }, async (folder) => {
      const file = join(folder, "Pulumi.x.yaml");
      writeFileSync(file, config);
      await assert.rejects(reach(new Stack("x", file)), ({ message }) => error.test(message));
    }));

for (const [complaint, error] of [
  [
    "error during connect: No route to host",
    /^machine big did not answer docker container: ssh:\/\/airflow@big does not/,
  ],
  [
    "Error: No such container: airflow-x-flower",
    /^airflow-x-\S+ on machine big cannot be reached; expected a container that runs\.$/,
  ],
] as const)
  test(`a tunnel fails with the cause: ${complaint}`, () =>
    withPrograms({ docker: `#!/bin/sh\necho '${complaint}' >&2\nexit 1\n` }, async (folder) => {
      const file = join(folder, "Pulumi.x.yaml");
      writeFileSync(file, remoteConfig);
      await assert.rejects(reach(new Stack("x", file)), ({ message }) => error.test(message));
    }));

test("a webserver of this machine is reached at its own port", async () => {
  await withPrograms({}, async (folder) => {
    const file = join(folder, "Pulumi.x.yaml");
    writeFileSync(file, `config: { airflow:webserverPort: ${ports[0]} }`);
    const stack = new Stack("x", file);
    assert.equal((await reachWebserver(stack, stack.deployed())).url, `http://127.0.0.1:${ports[0]}`);
  });
});
