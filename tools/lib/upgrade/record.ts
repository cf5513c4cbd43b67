import { existsSync, readFileSync, rmSync } from "node:fs";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import type { Stack } from "../stack.ts";
import type { Upgrade } from "./upgrade.ts";

/** Note of an upgrade that is under way, with which another command can finish it. */
export interface Kept {
  readonly write: (upgrade: Upgrade) => void;
  readonly remove: () => void;
}

/** Process of an upgrade that is under way. */
interface Owner {
  readonly pid: number;
}

function noteOf(stack: Stack): string {
  return stack.beside("upgrade", "json");
}

/** Returns the path of the copy of the backup, which is still encrypted. */
export function copyOf(stack: Stack): string {
  return stack.beside("upgrade", "tar.age");
}

/** Returns the note of a stack's upgrade. */
export function keptOf(stack: Stack): Kept {
  return {
    write: (upgrade) =>
      writeWhole(
        noteOf(stack),
        JSON.stringify({ ...upgrade, pid: process.pid } satisfies Upgrade & Owner),
        0o600,
      ),
    // The note goes first: without it nothing needs the copy.
    remove: () => {
      for (const file of [noteOf(stack), copyOf(stack)]) rmSync(file, { force: true });
    },
  };
}

/**
 * Finds an upgrade of a stack that was cut off.
 * @param isAlive says whether a process of this machine runs
 * @throws Error when the upgrade, or a deployment that it started, is still under way
 */
export function cutOff(stack: Stack, isAlive: (pid: number) => boolean): Upgrade | undefined {
  const file = noteOf(stack);
  if (!existsSync(file)) return undefined;
  const { pid, ...upgrade }: Upgrade & Owner = JSON.parse(readFileSync(file, "utf8"));
  if (isAlive(pid) && pid !== process.pid)
    throw new Error(
      `Stack ${stack.name} is being upgraded to ${upgrade.to} by process ${pid}; expected its end. Wait for it.`,
    );
  // A deployment outlives the command that started it: to go on beside it would fail, and roll back.
  if (stack.isLocked())
    throw new Error(
      `An upgrade of stack ${stack.name} was cut off, and the deployment that it had started still runs; ` +
        "wait for the deployment's end, then run this again.",
    );
  return upgrade;
}
