import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { stopOrphans } from "./orphans.ts";
import { run } from "./process.ts";

interface Operation {
  readonly type: string;
  readonly resource: { readonly type: string; readonly inputs: { readonly name?: string } };
}

interface Checkpoint {
  readonly deployment: { pending_operations?: readonly Operation[] };
}

/** How to find and to remove what a provider may have made without anyone having noted its id. */
const kinds: Readonly<
  Record<string, { readonly list: readonly string[]; readonly remove: readonly string[] }>
> = {
  "docker:index/container:Container": {
    list: ["container", "ls", "--all"],
    remove: ["container", "rm", "--force"],
  },
  "docker:index/network:Network": { list: ["network", "ls"], remove: ["network", "rm"] },
};

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether a lock is of a process of this machine that is gone; one that was written by half is. */
function isDead(file: string): boolean {
  const text = readFileSync(file, "utf8");
  if (!text.endsWith("}")) return true;
  const lock: { pid: number; hostname: string } = JSON.parse(text);
  return lock.hostname === hostname() && !isAlive(lock.pid);
}

function deadLocks(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const locks = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return locks.map((name) => join(folder, name)).filter(isDead);
}

async function remove({ resource }: Operation): Promise<void> {
  const kind = kinds[resource.type];
  const { name } = resource.inputs;
  if (!kind || name === undefined) return;
  const ids = await run("docker", [...kind.list, "--quiet", "--filter", `name=^/?${name}$`]);
  if (ids.trim() === "") return;
  console.log(`  removing ${name}, which was being made`);
  await run("docker", [...kind.remove, ...ids.trim().split("\n")]);
}

/**
 * Clears up after a CLI that was killed: its lock, its plugins, and what it was making, which the state does not know.
 * @param state folder of the local state
 * @param pulumi runs the CLI on the stack
 */
export async function recover(
  state: string,
  stack: string,
  pulumi: (...args: string[]) => Promise<string>,
): Promise<void> {
  const locks = deadLocks(join(state, ".pulumi/locks/organization/airflow", stack));
  if (locks.length === 0) return;
  console.log("  the last command was killed: clearing up after it");
  await stopOrphans({ PULUMI_STACK: stack, PULUMI_BACKEND_URL: `file://${state}` });
  const checkpoint: Checkpoint = JSON.parse(await pulumi("stack", "export"));
  const pending = checkpoint.deployment.pending_operations ?? [];
  for (const operation of pending) if (operation.type === "creating") await remove(operation);
  checkpoint.deployment.pending_operations = [];
  // Last, so that clearing up is begun again if it is interrupted; the import needs the lock.
  for (const lock of locks) rmSync(lock);
  const file = join(state, "recovered.json");
  writeFileSync(file, JSON.stringify(checkpoint), { mode: 0o600 });
  await pulumi("stack", "import", "--file", file);
  rmSync(file);
}
