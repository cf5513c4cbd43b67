import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { defaultVersion } from "../../../../settings/schema/versions.ts";
import { AirflowApi } from "../../../../tools/lib/airflow.ts";
import { overApi } from "../../../../tools/lib/reach/api.ts";
import type { Outputs, Stack } from "../../../../tools/lib/stack.ts";
import { settingsFor } from "../../settingsFrom.ts";

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
