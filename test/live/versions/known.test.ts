import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { builtVersions, localImage } from "../../../images/local.ts";
import { knownFile } from "../../../settings/model/known.ts";
import { serverFile } from "../../../settings/model/servers.ts";
import { releaseOf } from "../../../settings/schema/versions.ts";
import { ensureImages } from "../../../tools/images.ts";
import { project } from "../../../tools/lib/process.ts";
import { printedBy, printedByServer } from "../../../tools/upkeep/settings.ts";
import { docker } from "../targets/docker.ts";

const programs = join(project, "components/roles/start");

/** Effects of a start of Airflow with these arguments: GC threshold, YAML loader, task runner. */
async function afterStart(version: string, ...args: string[]): Promise<string> {
  const look =
    'import gc, sys; sys.path.insert(0, "/start"); import start, yaml; ' +
    'print(gc.get_threshold()[0], yaml.SafeLoader.__name__, "airflow.sdk.execution_time.task_runner" in sys.modules)';
  const where = ["--rm", "--volume", `${programs}:/start:ro`, "--env", "PYTHONDONTWRITEBYTECODE=1"];
  const command = ["--entrypoint", "python", localImage("airflow", version), "-c", look, ...args];
  return (await docker("run", ...where, ...command)).trim().split("\n").at(-1) ?? "";
}

for (const version of builtVersions()) {
  before(() => ensureImages(["airflow"], version));

  test(`the settings that are known of ${version} are those of its image: npm run settings writes them`, async () => {
    const release = releaseOf(version);
    assert.ok(release);
    assert.equal(readFileSync(knownFile(release), "utf8"), await printedBy(version));
  });

  test(`Airflow ${version} starts without the task runner, unless it runs tasks; YAML is read as ever`, async () => {
    assert.equal(await afterStart(version, "scheduler"), "50000 SafeLoader False");
    const runs = version.startsWith("3.") ? "True" : "False";
    assert.equal(await afterStart(version, "celery", "worker"), `50000 SafeLoader ${runs}`);
  });
}

for (const server of ["postgres", "redis"] as const) {
  before(() => ensureImages([server]));

  test(`the settings that are known of ${server} are those of its image: npm run settings writes them`, async () => {
    assert.equal(readFileSync(serverFile(server), "utf8"), await printedByServer(server));
  });
}
