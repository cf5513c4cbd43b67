import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { cpSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request as httpRequest, type Server } from "node:http";
import { createServer as createTlsServer, type RequestOptions, request as tlsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { authorityCertificate, machineCertificate } from "../../../platforms/docker/certificate.ts";
import type { Outputs } from "../../../tools/lib/stack.ts";
import type { Config, TestStack } from "../lib/harness.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";
import { docker } from "../targets/docker.ts";

const ports = { webserverPort: 18460 };

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** Surroundings of a stack: a private server, a proxy, and users from outside. */
export class Around {
  /** Requests that reached the proxy. */
  readonly asked: string[] = [];
  readonly webserverUrl = `https://airflow.test:${ports.webserverPort}`;
  /** Certificate of the authority that signs for the stack and for the server, in PEM. */
  authority = "";
  private readonly stack: TestStack;
  private readonly servers: Server[] = [];
  private address = "";

  constructor(stack: TestStack) {
    this.stack = stack;
  }

  /**
   * @param address address of this machine, as containers reach it
   * @returns configuration of a stack that uses all this
   */
  async start(address: string): Promise<Config> {
    this.address = address;
    const signer = newKey();
    this.authority = await authorityCertificate(createPublicKey(signer), signer, 1);
    const pair = async (name: string) => {
      const key = newKey();
      const cert = await machineCertificate(name, createPublicKey(key), signer, 1);
      return { cert, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
    };
    const answer = await pair("private.test");
    const secure = createTlsServer(answer, (_request, response) => response.end("private"));
    const proxy = createHttpServer((request, response) => {
      this.asked.push(`${request.method} ${request.url}`);
      response.end("by proxy");
    });
    proxy.on("connect", ({ url }, socket) => {
      this.asked.push(`CONNECT ${url}`);
      socket.destroy();
    });
    const privatePort = await this.listening(secure);
    const proxyUrl = `http://${address}:${await this.listening(proxy)}`;
    const own = await pair("airflow.test");
    cpSync(join(import.meta.dirname, "../dags/given.py"), join(this.stack.dags, "given.py"));
    return {
      labels: { team: "data" },
      extraHosts: { "private.test": address },
      caCertificates: [this.written("authority.pem", this.authority)],
      proxy: { http: proxyUrl, https: proxyUrl, no: ["private.test"] },
      roles: {
        all: { volumes: { "/opt/models": "models" } },
        worker: {
          env: { GREETING: "good morning", PRIVATE_PORT: privatePort },
          files: { "/opt/airflow/config/given.ini": this.written("given.ini", "[given]\n") },
          secretFiles: { token: { file: this.written("token", "of-the-worker\n") } },
          labels: { tier: "tasks" },
        },
      },
      publish: {
        address,
        certificate: this.written("tls.pem", own.cert),
        key: { file: this.written("tls.key", own.key) },
        ...ports,
      },
    };
  }

  close(): void {
    for (const server of this.servers) server.close();
  }

  /** Options of a request to a port from outside. */
  at(port: number, path: string): RequestOptions {
    return { host: this.address, port, path, ca: this.authority, servername: "airflow.test" };
  }

  private written(name: string, content: string): string {
    const path = join(this.stack.folder, name);
    writeFileSync(path, content);
    return path;
  }

  private async listening(server: Server): Promise<number> {
    this.servers.push(server);
    await new Promise<void>((done) => server.listen(0, this.address, done));
    return (server.address() as AddressInfo).port;
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
}

function ask(request: typeof tlsRequest, options: RequestOptions): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ timeout: 10_000, agent: false, ...options }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      const { statusCode: status = 0, headers } = response;
      response.on("end", () => done({ status, text, cookies: headers["set-cookie"] ?? [] }));
    });
    sent.on("error", fail).on("timeout", () => sent.destroy(new Error("nothing came in time")));
    sent.end();
  });
}

async function isEncrypted(options: RequestOptions): Promise<void> {
  await assert.rejects(ask(httpRequest as typeof tlsRequest, options), /hang up|ECONNRESET/);
  await assert.rejects(
    ask(tlsRequest, { ...options, maxVersion: "TLSv1.1", minVersion: "TLSv1" }),
    /EPROTO|version|protocol/i,
  );
}

/** Asserts that Flower, published at a port of 127.0.0.1, asks for its password, limits guesses, and withholds the pages that ask for none. */
export async function flowerIsClosed(
  port: number,
  { adminUser, adminPassword }: Pick<Outputs, "adminUser" | "adminPassword">,
): Promise<void> {
  const options = { host: "127.0.0.1", port, path: "/", rejectUnauthorized: false };
  assert.equal((await ask(tlsRequest, options)).status, 401);
  const auth = `${adminUser}:${adminPassword}`;
  assert.equal((await ask(tlsRequest, { ...options, auth })).status, 200);
  for (const path of ["/metrics", "/healthcheck", "//metrics", "/Metrics", "/%6detrics", "/metrics/"])
    assert.equal((await ask(tlsRequest, { ...options, path })).status, 404, path);
  await isEncrypted(options);
  for (const status of [401, 401, 401, 401, 401, 429])
    assert.equal((await ask(tlsRequest, { ...options, auth: `${adminUser}:wrong` })).status, status);
  assert.equal((await ask(tlsRequest, { ...options, auth })).status, 429);
}

/** Tests of extras that roles are given, and of publishing. */
export function reachesAround(stack: TestStack, around: Around): void {
  test("a task has its role's extras, trusts a private authority, and connects to the outside through the proxy", async () => {
    await runsUndisturbed(stack, "given", await stack.trigger("given"), 1);
    assert.deepEqual([...new Set(around.asked)], ["GET http://outside.test/page"]);
    assert.equal(await stack.exec("scheduler", "cat", "/opt/models/model"), "learned");
    const inspect = async (name: string, what: string) =>
      (await docker("inspect", "--format", `{{json ${what}}}`, `${stack.prefix}-${name}`)).trim();
    const labels = JSON.parse(await inspect("worker-1", ".Config.Labels"));
    assert.deepEqual([labels.team, labels.tier], ["data", "tasks"]);
    assert.doesNotMatch(await docker("inspect", `${stack.prefix}-worker-1`), /of-the-worker/);
  });

  test("people reach the webserver over TLS alone", async () => {
    const { webserverPort } = ports;
    const outputs = await stack.stack.outputs();
    assert.equal(outputs.webserverUrl, around.webserverUrl);
    assert.equal(outputs.flowerUrl, `${around.webserverUrl}/flower/`);
    const login = await ask(tlsRequest, around.at(webserverPort, "/auth/login/"));
    assert.equal(login.status, 200);
    assert.match(login.text, /name="username"|airflow/i);
    assert.match(login.cookies.join("\n"), /^session=.*; Secure;/m);
    await isEncrypted(around.at(webserverPort, "/"));
    // Plain listeners are open to this machine alone.
    const { port } = new URL(stack.outputs.webserverUrl);
    const plain = around.at(Number(port), "/");
    await assert.rejects(ask(httpRequest as typeof tlsRequest, plain), /ECONNREFUSED/);
  });
}
