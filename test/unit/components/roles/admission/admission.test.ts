import assert from "node:assert/strict";
import { test } from "node:test";
import { localSettingsFile } from "../../../../../settings/model/names/ownNames.ts";
import { run } from "../../../../../tools/lib/process.ts";
import { containersOf, declare } from "../../../mocks.ts";

test("an address that sends wrong passwords for tokens is refused for a while, and no other", async () => {
  await run("python3", ["test/unit/components/roles/admission/attempts.py"]);
});

test("the webserver bounds concurrent requests, serves heartbeats first, and answers 503 after a long wait", async () => {
  await run("python3", ["test/unit/components/roles/admission/admission.py"]);
});

test("a session over TLS stays there, and nobody gets in by the remember cookie, with every version", async () => {
  await run("python3", ["test/unit/components/roles/admission/cookies.py"]);
  for (const version of ["2.11.2", "3.3.2"]) {
    const { uploads } = containersOf(await declare({ version })).get("webserver") ?? {};
    const files = uploads as { file: string; content: string }[];
    const { content = "" } = files.find(({ file }) => file === localSettingsFile) ?? {};
    assert.match(content, /"airflow_on_celery\.cookies": ".*get_cookie_secure = lambda/, version);
    const starts = version === "2.11.2" ? "cookies" : "webserver";
    assert.match(content, new RegExp(`^import airflow_on_celery\\.${starts} `, "m"), version);
  }
});
