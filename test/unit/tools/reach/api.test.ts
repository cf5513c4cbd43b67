import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { defaultVersion } from "../../../../settings/schema/versions.ts";
import { AirflowApi } from "../../../../tools/lib/airflow.ts";
import { overApi } from "../../../../tools/lib/reach/api.ts";
import { type Outputs, Stack } from "../../../../tools/lib/stack.ts";
import { settingsFor } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

/** Runs a webserver that takes one of the tokens that it gave, and refuses all others with a status. */
async function withWebserver(
  refusal: number,
  use: (url: string, web: { logins: number; taken: number }) => Promise<void>,
) {
  const web = { logins: 0, taken: 1 };
  const server = createServer(({ url, headers }, response) => {
    const isLogin = url === "/auth/token";
    if (isLogin) web.logins++;
    const isTaken = headers.authorization === `Bearer token ${web.taken}`;
    response.statusCode = isLogin || isTaken ? 200 : refusal;
    response.end(JSON.stringify(isLogin ? { access_token: `token ${web.logins}` } : { url }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, web);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

for (const refusal of [401, 403])
  test(`the API logs in once for many requests, and once more after a ${refusal}, before it gives up`, () =>
    withWebserver(refusal, async (webserverUrl, web) => {
      const api = new AirflowApi({ webserverUrl, version: defaultVersion } as Outputs);
      for (let request = 0; request < 3; request++)
        assert.deepEqual(await api.call("/dags"), { url: "/api/v2/dags" });
      assert.equal(web.logins, 1);
      web.taken = 2;
      assert.deepEqual(await api.call("/dags"), { url: "/api/v2/dags" });
      assert.equal(web.logins, 2);
      web.taken = 0;
      await assert.rejects(api.call("/dags"), new RegExp(`GET /dags: ${refusal} `));
      assert.equal(web.logins, 3);
    }));

test("a refused administrator is told what to do about a user that the database had before the stack", () =>
  withWebserver(403, async (webserverUrl, web) => {
    web.taken = 0;
    const of = (version: string, url = webserverUrl) =>
      new AirflowApi({ adminUser: "ann", webserverUrl: url, version } as Outputs).call("/dags");
    await assert.rejects(of(defaultVersion), /GET \/dags: 403 .*; ann lacks a permission: .*the role Admin/);
    // The webserver has its logins at the root alone, and refuses those below a path.
    await withWebserver(401, async (url) => {
      const password =
        /401.*; the password of ann is another one in Airflow: .*secretGenerations\.adminPassword/;
      await assert.rejects(of("2.11.2", url), password);
      await assert.rejects(of(defaultVersion, `${url}/below`), password);
    });
  }));

/** Ways in which a webserver that is away for a moment answers. */
const cuts: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "no answer": (response) => response.destroy(),
  "half an answer": (response) => {
    response.writeHead(200, { "content-length": 99 }).write("{");
    setTimeout(() => response.destroy(), 50);
  },
  ...Object.fromEntries(
    [502, 503, 504].map((status) => [status, (response) => response.writeHead(status).end()]),
  ),
};

for (const [what, cut] of Object.entries(cuts))
  test(`reads and logins are repeated after ${what}, changes are not`, async () => {
    const asked: string[] = [];
    let left = 0;
    const server = createServer(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      if (left-- > 0) cut(response);
      else response.end(JSON.stringify({ access_token: "token", url }));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const webserverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outputs = { webserverUrl, version: defaultVersion } as Outputs;
    const error = /does not answer|: 50[234]/;
    try {
      const api = new AirflowApi(outputs, 30);
      left = 1;
      assert.deepEqual(await api.call("/dags"), { access_token: "token", url: "/api/v2/dags" });
      left = 1;
      assert.ok(await api.call("/dags"));
      assert.deepEqual(asked.splice(0), [
        ...["POST /auth/token", "POST /auth/token", "GET /api/v2/dags"],
        ...["GET /api/v2/dags", "GET /api/v2/dags"],
      ]);
      for (const method of ["POST", "PATCH"]) {
        left = 1;
        await assert.rejects(api.call("/dags", method, {}), error);
      }
      assert.equal(asked.splice(0).length, 2);
      left = 1;
      await assert.rejects(new AirflowApi(outputs).call("/dags"), error);
      assert.equal(asked.length, 1);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

test("commands repeat reads for half a minute, and then name the cause", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 0 });
  let asked = 0;
  const server = createServer((_, response) => {
    context.mock.timers.setTime(asked++ === 0 ? 29_000 : 30_000);
    response.destroy();
  });
  const folder = temporaryFolder("api");
  const file = join(folder, "Pulumi.x.yaml");
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  writeFileSync(file, `config: { airflow:webserverPort: ${port} }`);
  const outputs = { version: defaultVersion } as Outputs;
  try {
    const stack = new Stack("x", file);
    const read = overApi(stack, stack.deployed(), (api) => api.call("/dags"), outputs);
    await assert.rejects(read, new RegExp(`^Error: http://127.0.0.1:${port} does not answer: `));
    assert.equal(asked, 2);
  } finally {
    server.close();
  }
});

test("a list is read to its end, whatever the most items of a page are", async () => {
  const items = Array.from({ length: 120 }, (_, at) => ({ at }));
  for (const [most, counted] of [
    [50, true],
    [100, true],
    [60, false],
  ] as const) {
    const api = new AirflowApi({ version: defaultVersion } as Outputs);
    api.call = async <T>(path: string) => {
      const { searchParams } = new URL(path, "http://127.0.0.1");
      const [offset, limit] = ["offset", "limit"].map((name) => Number(searchParams.get(name))) as [
        number,
        number,
      ];
      const page = items.slice(offset, offset + Math.min(most, limit));
      return { dags: page, ...(counted && { total_entries: items.length }) } as T;
    };
    assert.deepEqual(await api.all("/dags", "dags"), items);
  }
});

test("a webserver that does not answer is named with the cause, and a stack that is not deployed as such", async () => {
  let gone = "";
  await withWebserver(401, async (url) => {
    gone = url;
  });
  const api = new AirflowApi({ webserverUrl: gone, version: defaultVersion } as Outputs);
  await assert.rejects(
    api.call("/dags"),
    new RegExp(`^Error: ${gone} does not answer: connect ECONNREFUSED`),
  );
  const stack = { name: "ours", outputs: async () => ({}) } as unknown as Stack;
  const error = /^Error: stack ours is not deployed; expected npm run up -- --stack ours first\.$/;
  await assert.rejects(
    overApi(stack, settingsFor({}), async () => assert.fail()),
    error,
  );
});
