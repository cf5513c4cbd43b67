import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import { type ExportedState, marking } from "../state.ts";
import { type OwnerProcess, thisProcess } from "./owner.ts";

/** Note of a command that removes protected resources, with its process. */
interface Note extends OwnerProcess {
  /** URNs that were protected before. */
  readonly urns: readonly string[];
  /** URNs of volumes that a removal would have left on their machines. */
  readonly left?: readonly string[];
  /** URL of the backend that has the state; undefined for the state beside the note. */
  readonly backend?: string | undefined;
}

/** Name of the note beside the state, before that of the stack. */
export const removalNote = "unprotected";

type Cli = (...args: string[]) => Promise<string>;

function noteIn(state: string, stack: string): string {
  return join(state, `${removalNote}.${stack}.json`);
}

async function replace(state: string, stack: string, replaced: ExportedState, cli: Cli): Promise<void> {
  const file = join(state, `protected.${stack}.json`);
  writeFileSync(file, JSON.stringify(replaced), { mode: 0o600 });
  await cli("stack", "import", "--file", file);
  rmSync(file);
}

/**
 * Makes a removal remove all resources of a stack, and first writes a note of those that were protected or would be left.
 * @param state folder of the note
 * @param left URNs of volumes that would stay on their machines
 * @param cli runs the CLI on the stack
 */
export async function unprotect(
  state: string,
  stack: string,
  left: readonly string[],
  cli: Cli,
): Promise<void> {
  const exported: ExportedState = JSON.parse(await cli("stack", "export"));
  const { resources = [] } = exported.deployment;
  const urns = resources.filter(({ protect }) => protect).map(({ urn }) => urn);
  const note: Note = { ...thisProcess(), urns, left, backend: process.env.PULUMI_BACKEND_URL };
  writeWhole(noteIn(state, stack), JSON.stringify(note), 0o600);
  const unprotected = marking(exported, urns, { protect: false });
  await replace(state, stack, marking(unprotected, left, { retainOnDelete: false }), cli);
}

/**
 * Protects the resources again that a removal left. A deployment would do the same, but another removal may come first.
 * @param isOver true if the process that wrote the note has ended
 */
export async function protectAgain(
  state: string,
  stack: string,
  isOver: (owner: OwnerProcess) => boolean,
  cli: Cli,
): Promise<void> {
  const noteFile = noteIn(state, stack);
  if (!existsSync(noteFile)) return;
  const { urns, left = [], backend, ...owner }: Note = JSON.parse(readFileSync(noteFile, "utf8"));
  if (backend !== process.env.PULUMI_BACKEND_URL || !isOver(owner)) return;
  const rest: ExportedState = JSON.parse(await cli("stack", "export"));
  const again = marking(marking(rest, urns, { protect: true }), left, { retainOnDelete: true });
  await replace(state, stack, again, cli);
  rmSync(noteFile);
}
