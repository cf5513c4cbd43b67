import { existsSync, readFileSync, rmSync } from "node:fs";
import {
  type OpenUpgrade,
  openUpgrade,
  openUpgradeFault,
  upgradeOutput,
} from "../../../components/versionChange.ts";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import { readText } from "../../../settings/read/yaml/text.ts";
import { print } from "../commandLine/terminal.ts";
import { isRunning, type OwnerProcess, thisProcess } from "../recovery/owner.ts";
import type { Stack } from "../stack.ts";
import {
  type ExportedState,
  type Resource,
  readOutputs,
  readState,
  withResources,
  writeState,
} from "../state.ts";
import { whoIsHere } from "./deployments.ts";
import { withVersion } from "./stackVersion.ts";
import type { Upgrade } from "./upgrade.ts";

/**
 * Note of an upgrade that is under way, with which another command can finish it. The note is a file beside the state; a
 * mark in the stack's outputs tells machines without the file that there is an upgrade.
 */
export interface Kept {
  readonly write: (upgrade: Upgrade) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Contents of the file: the upgrade and its process. */
interface Note extends Upgrade, OwnerProcess {
  /** Time at which the upgrade began, as in its mark; missing in notes of earlier releases, which have no mark. */
  readonly at?: string;
}

function noteOf(stack: Stack): string {
  return stack.beside("upgrade", "json");
}

function readNote(stack: Stack): Note | undefined {
  const file = noteOf(stack);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** Returns the path of the copy of the backup, which is still encrypted. */
export function copyOf(stack: Stack): string {
  return stack.beside("upgrade", "tar.age");
}

function removeFiles(stack: Stack): void {
  // The note goes first: without it nothing needs the copy.
  for (const file of [noteOf(stack), copyOf(stack)]) rmSync(file, { force: true });
}

/** Returns a state whose outputs have the mark of an upgrade, or none. */
function withUpgrade<T extends ExportedState>(state: T, open: OpenUpgrade | undefined): T {
  const { resources = [] } = state.deployment;
  const marked = (one: Resource) => {
    if (one.type !== "pulumi:pulumi:Stack") return one;
    const others = Object.entries(one.outputs ?? {}).filter(([name]) => name !== upgradeOutput);
    return { ...one, outputs: { ...Object.fromEntries(others), ...(open && { [upgradeOutput]: open }) } };
  };
  return withResources(state, resources.map(marked));
}

/** Returns the note of a stack's upgrade. */
export function keptOf(stack: Stack): Kept {
  return {
    write: async (upgrade) => {
      const { at = new Date().toISOString() } = readNote(stack) ?? {};
      const note: Note = { ...upgrade, ...thisProcess(), at };
      // The note goes first: without it nobody could end the upgrade that the mark tells of.
      writeWhole(noteOf(stack), JSON.stringify(note), 0o600);
      const { from, to, backup } = upgrade;
      const open = { from, to, who: whoIsHere(), at, ...(backup && { backup: backup.id }) };
      // The backend refuses this while another command works on the stack.
      await writeState(stack, withUpgrade(await readState(stack), open));
    },
    remove: async () => {
      if (openUpgrade(await readOutputs(stack)))
        await writeState(stack, withUpgrade(await readState(stack), undefined));
      removeFiles(stack);
    },
  };
}

/**
 * Finds an upgrade of a stack that was cut off, and removes the note of one that has nothing left to end: since its mark
 * is gone, the stack was deployed or removed since, and its data may be newer than the upgrade's backup. The upgrade's own
 * deployment ends the mark, too; what is left of the upgrade then is the proof.
 * @throws Error when the upgrade, or a deployment that it started, is still under way, or another machine has its note
 */
export async function interruptedUpgrade(stack: Stack): Promise<Upgrade | undefined> {
  const outputs = await readOutputs(stack);
  const open = openUpgrade(outputs);
  const note = readNote(stack);
  if (note && isRunning(note) && note.pid !== process.pid)
    throw new Error(
      `Stack ${stack.name} is being upgraded to ${note.to} by process ${note.pid}; expected its end. Wait for it.`,
    );
  // A deployment outlives the command that started it: to go on beside it would fail, and roll back.
  if (note && stack.isLocked())
    throw new Error(
      `An upgrade of stack ${stack.name} was cut off, and the deployment that it had started still runs; ` +
        "wait for the deployment's end, then run this again.",
    );
  if (note) {
    const { pid, started, at, ...upgrade } = note;
    if (at === undefined || at === open?.at) return upgrade;
    // Only the proof is left. The stack file may have been edited and deployed since.
    if (!open && note.step === "migrating" && outputs.version === note.to)
      return { ...upgrade, after: withVersion(readText(stack.file), note.to) };
    removeFiles(stack);
    print(
      `  an upgrade to ${note.to} was cut off before it touched anything, or the stack was deployed since: it is over`,
    );
  }
  if (open) throw new Error(openUpgradeFault(open, stack.name));
  return undefined;
}
