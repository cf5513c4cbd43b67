import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { localSettings } from "../../../../components/roles/localSettings/localSettings.ts";
import { moduleFolder } from "../../../../components/roles/modules.ts";
import { run } from "../../../../tools/lib/process.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("settings");

const look = `
import airflow_local_settings as found
names = found.__all__
print(*sorted(names), *(getattr(found, name)() for name in names if callable(getattr(found, name))))
`;

/** Lists the names that Airflow gets with the user's file, and the results of its functions. */
async function taken(users?: string): Promise<string> {
  for (const [path, text] of Object.entries(localSettings({}, ["own"]))) {
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

test("local settings hold the stack's modules and all that these import, at the paths of their files; programs stay files", async () => {
  const one = [
    "from airflow_on_celery.two import name",
    "def told(): return f'{name} {__file__}'",
    "def fail(): raise ValueError('no')  # shown in tracebacks",
  ].join("\n");
  const texts = { one, two: "name = '$& \\\\ \"'", later: "name = 3", program: "import sys" };
  const files = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`${moduleFolder}/${name}.py`, text]),
  );
  const all = localSettings(files, ["airflow_on_celery.one"], ["airflow_on_celery.later"]);
  const [program, settings] = Object.keys(all);
  assert.equal(program, `${moduleFolder}/program.py`);
  const own = temporaryFolder("packed");
  writeFileSync(join(own, basename(settings ?? "")), String(all[settings ?? ""]));
  const seen = `
import sys, traceback, airflow_local_settings
print(*sorted(name for name in sys.modules if name.startswith("airflow_on_celery.")))
from airflow_on_celery import later, one
print(one.told(), later.name)
try:
    one.fail()
except ValueError:
    print("# shown" in traceback.format_exc())
try:
    import airflow_on_celery.program
except ModuleNotFoundError as error:
    print(error)
`;
  const told = await run("python3", ["-B", "-c", seen], { env: { PYTHONPATH: own } });
  assert.deepEqual(told.trim().split("\n"), [
    "airflow_on_celery.one airflow_on_celery.two",
    `$& \\ " ${moduleFolder}/one.py 3`,
    "True",
    "No module named 'airflow_on_celery.program'",
  ]);
});
