import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { run } from "./process.ts";

/** Folder with a file for each running build, named by the id of its process and a number. */
function builders(): string {
  return join(tmpdir(), `airflow-on-celery-builds-${userInfo().uid}`);
}

/** Number of this process's builds so far. */
let count = 0;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Removes unnamed stages, which only lend files to images: the classic builder keeps them. */
async function prune(): Promise<void> {
  const flags = ["--force", "--filter", "label=airflow-on-celery.stage=build"];
  await run("docker", ["image", "prune", ...flags]).catch((error: Error) => {
    // The engine removes them already, for somebody else.
    if (!error.message.includes("prune operation is already running")) throw error;
  });
}

/** Runs builds, and removes their unnamed stages, unless another build goes on: it may need them, and removes them itself. */
export async function withoutStages(builds: () => Promise<void>): Promise<void> {
  const folder = builders();
  mkdirSync(folder, { recursive: true });
  const own = join(folder, `${process.pid}.${count++}`);
  writeFileSync(own, "");
  await builds().finally(() => rmSync(own, { force: true }));
  if (!readdirSync(folder).some((name) => isAlive(Number.parseInt(name, 10)))) await prune();
}
