import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { cpSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request as httpRequest, type Server } from "node:http";
import { createServer as createTlsServer, type RequestOptions, request as tlsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { authorityCertificate, machineCertificate } from "../../platforms/certificate.ts";
import { addressIn, docker } from "./docker.ts";
import { assertUndisturbed, type Config, TestStack } from "./harness.ts";

const stack = new TestStack("livetest-publish", 18450);
const network = "airflow-livetest-outward";
const ports = { webserverPort: 18460, flowerPort: 18461 };
/** What came to the proxy. */
const asked: string[] = [];
const servers: Server[] = [];
let authority = "";
let address = "";
let config: Config = {};

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function written(name: string, content: string): string {
  const path = join(stack.folder, name);
  writeFileSync(path, content);
  return path;
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, address, done));
  return (server.address() as AddressInfo).port;
}

before(async () => {
  address = await addressIn(network);
  const signer = newKey();
  authority = await authorityCertificate(createPublicKey(signer), signer, 1);
  const pair = async (name: string) => {
    const key = newKey();
    const cert = await machineCertificate(name, createPublicKey(key), signer, 1);
    return { cert, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
  };
  const secure = createTlsServer(await pair("private.test"), (_request, response) => response.end("private"));
  const proxy = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("by proxy");
  });
  proxy.on("connect", ({ url }, socket) => {
    asked.push(`CONNECT ${url}`);
    socket.destroy();
  });
  const privatePort = await listening(secure);
  const proxyUrl = `http://${address}:${await listening(proxy)}`;
  const own = await pair("airflow.test");
  cpSync(join(import.meta.dirname, "given.py"), join(stack.dags, "given.py"));
  config = {
    workers: 1,
    labels: { team: "data" },
    extraHosts: { "private.test": address },
    caCertificates: [written("authority.pem", authority)],
    proxy: { http: proxyUrl, https: proxyUrl, no: ["private.test"] },
    roles: {
      all: { volumes: { "/opt/models": "models" } },
      worker: {
        env: { GREETING: "good morning", PRIVATE_PORT: privatePort },
        files: { "/opt/airflow/config/given.ini": written("given.ini", "[given]\n") },
        secretFiles: { token: { file: written("token", "of-the-worker\n") } },
        labels: { tier: "tasks" },
      },
    },
    publish: {
      address,
      certificate: written("tls.pem", own.cert),
      key: { file: written("tls.key", own.key) },
      ...ports,
    },
  };
});

after(async () => {
  for (const server of servers) server.close();
  await stack.remove();
  await docker("network", "rm", network);
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(request: typeof tlsRequest, options: RequestOptions): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ host: address, timeout: 10_000, agent: false, ...options }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      response.on("end", () => done({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", fail).on("timeout", () => sent.destroy(new Error("nothing came in time")));
    sent.end();
  });
}

function securely(port: number, path: string, options: RequestOptions = {}): Promise<Answer> {
  return ask(tlsRequest, { port, path, ca: authority, servername: "airflow.test", ...options });
}

test("a task has what its role is given, trusts a private authority, and goes outside through the proxy", async () => {
  await stack.up(config);
  assertUndisturbed(await stack.finished("given", await stack.trigger("given")), 1);
  assert.deepEqual([...new Set(asked)], ["GET http://outside.test/page"]);
  assert.equal(await stack.exec("scheduler", "cat", "/opt/models/model"), "learned");
  const inspect = async (name: string, what: string) =>
    (await docker("inspect", "--format", `{{json ${what}}}`, `${stack.prefix}-${name}`)).trim();
  const labels = JSON.parse(await inspect("worker-1", ".Config.Labels"));
  assert.deepEqual([labels.team, labels.tier], ["data", "tasks"]);
  assert.doesNotMatch(await docker("inspect", `${stack.prefix}-worker-1`), /of-the-worker/);
});

test("people reach the webserver and Flower over TLS alone, and not what asks for no login", async () => {
  const { webserverPort, flowerPort } = ports;
  const outputs = await stack.stack.outputs();
  assert.equal(outputs.webserverUrl, `https://airflow.test:${webserverPort}`);
  assert.equal(outputs.flowerUrl, `https://airflow.test:${flowerPort}`);
  const login = await securely(webserverPort, "/auth/login/");
  assert.equal(login.status, 200);
  assert.match(login.text, /name="username"|airflow/i);
  assert.equal((await securely(flowerPort, "/")).status, 401);
  const { adminUser, adminPassword } = stack.outputs;
  assert.equal((await securely(flowerPort, "/", { auth: `${adminUser}:${adminPassword}` })).status, 200);
  for (const path of ["/metrics", "/healthcheck", "//metrics", "/Metrics", "/%6detrics", "/metrics/"]) {
    assert.equal((await securely(flowerPort, path)).status, 404, path);
  }
  for (const port of [webserverPort, flowerPort]) {
    await assert.rejects(ask(httpRequest as typeof tlsRequest, { port, path: "/" }), /hang up|ECONNRESET/);
    await assert.rejects(
      securely(port, "/", { maxVersion: "TLSv1.1", minVersion: "TLSv1" }),
      /EPROTO|version|protocol/i,
    );
  }
  // What listens in plain does so for this machine alone.
  await assert.rejects(ask(httpRequest as typeof tlsRequest, { port: 18450, path: "/" }), /ECONNREFUSED/);
});

test("a refresh finds no difference", async () => {
  await stack.up(config, "--refresh", "--expect-no-changes");
});
