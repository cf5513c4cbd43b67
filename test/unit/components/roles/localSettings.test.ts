import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { localSettings } from "../../../../components/roles/localSettings/localSettings.ts";
import { run } from "../../../../tools/lib/process.ts";

const folder = temporaryFolder("settings");

const look = `
import airflow_local_settings as found
names = found.__all__
print(*sorted(names), *(getattr(found, name)() for name in names if callable(getattr(found, name))))
`;

import { temporaryFolder } from "../../temporaryFolder.ts";

/** Lists the names that Airflow gets with the user's file, and the results of its functions. */
async function taken(users?: string): Promise<string> {
  for (const [path, text] of Object.entries(localSettings(["own"]))) {
    writeFileSync(join(folder, basename(path)), String(text));
  }
  writeFileSync(join(folder, "own.py"), "def own(): return 'never'\n");
  const file = join(folder, "users_local_settings.py");
  rmSync(file, { force: true });
  if (users !== undefined) writeFileSync(file, users);
  return (await run("python3", ["-B", "-c", look], { env: { PYTHONPATH: folder } })).trim();
}

test("Airflow gets every name of the user's local settings, and none of the stack's modules", async () => {
  assert.equal(await taken(), "");
  assert.equal(await taken("def task_policy(): return 'applied'\n_own = 1\n"), "_own task_policy applied");
  assert.equal(await taken("__all__ = ['b']\na = 1\ndef b(): return 2\n"), "b 2");
});

test("a failed import in the user's local settings is an error", async () => {
  await assert.rejects(taken("import nowhere_to_be_found\n"), /No module named 'nowhere_to_be_found'/);
});
