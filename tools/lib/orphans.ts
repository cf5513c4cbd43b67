import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

interface Process {
  readonly pid: string;
  readonly name: string;
  readonly parent: string;
  readonly environment: readonly string[];
}

/** Undefined for a process that is gone, or somebody else's. */
function look(pid: string): Process | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return { pid, name: field("Name"), parent: field("PPid"), environment };
  } catch {
    return undefined;
  }
}

/** Processes that carry these variables, but were started by none that does and are no command themselves. */
function orphans(variables: Readonly<Record<string, string>>): Process[] {
  const wanted = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  const looked = readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) ? (look(pid) ?? []) : []));
  const family = looked.filter(({ environment }) =>
    wanted.every((variable) => environment.includes(variable)),
  );
  const pids = new Set(family.map(({ pid }) => pid));
  return family.filter(({ name, parent }) => name !== "pulumi" && !pids.has(parent));
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    const gone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!gone) throw error;
  }
}

/**
 * Ends the plugins and programs that a killed CLI has left: without it they would spin for ever.
 * Where there is no /proc they are left alone.
 * @param variables the environment that the CLI was given and hands on
 */
export async function stopOrphans(variables: Readonly<Record<string, string>>): Promise<void> {
  if (!existsSync("/proc/self/environ")) return;
  // The children of an orphan are orphans once it is gone.
  for (let found = orphans(variables); found.length > 0; found = orphans(variables)) {
    for (const { pid } of found) end(Number(pid));
    await sleep(100);
  }
}
