import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

interface Process {
  readonly pid: string;
  readonly name: string;
  readonly parent: string;
  readonly environment: readonly string[];
}

/** Reads a process; undefined if it is gone, or belongs to another user. */
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

/** Finds processes that carry these variables, except the `pulumi` command and children of such processes. */
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
 * Kills plugins and programs that a killed CLI left behind, which would spin forever. Does nothing where there is no
 * /proc.
 * @param variables of the CLI's environment, which its children inherit
 */
export async function stopOrphans(variables: Readonly<Record<string, string>>): Promise<void> {
  if (!existsSync("/proc/self/environ")) return;
  // The children of a killed orphan become orphans.
  for (let found = orphans(variables); found.length > 0; found = orphans(variables)) {
    for (const { pid } of found) end(Number(pid));
    await sleep(100);
  }
}
