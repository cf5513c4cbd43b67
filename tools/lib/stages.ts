import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { run } from "./process.ts";
import { isRunning, thisProcess } from "./recovery/owner.ts";

/** Number of this process's builds so far. */
let count = 0;

/** Names the mark of a build: number and start of its process, with the build's own number between. */
function nameOfBuild(): string {
  const { pid, started = "" } = thisProcess();
  return `${pid} ${count++} ${started}`.trim();
}

/** True if the process of a mark runs; an interrupted build leaves its mark. */
function goesOn(name: string): boolean {
  const [pid, , ...started] = name.split(" ");
  return isRunning({ pid: Number(pid), ...(started.length > 0 && { started: started.join(" ") }) });
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
  const marks = join(tmpdir(), `airflow-on-celery-builds-${userInfo().uid}`);
  mkdirSync(marks, { recursive: true });
  const own = join(marks, nameOfBuild());
  writeFileSync(own, "");
  await builds().finally(() => rmSync(own, { force: true }));
  if (!readdirSync(marks).some(goesOn)) await prune();
}
