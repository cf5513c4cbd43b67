import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import { type ExportedState, marking } from "../state.ts";
import { type OwnerProcess, thisProcess } from "./owner.ts";

/** Note of a command that removes protected resources, with its process. */
interface Note extends OwnerProcess {
  /** URNs that were protected before. */
  readonly urns: readonly string[];
}

type Cli = (...args: string[]) => Promise<string>;

function noteIn(state: string, stack: string): string {
  return join(state, `unprotected.${stack}.json`);
}

/**
 * Unprotects all resources of a stack, and first writes a note of those that were protected.
 * @param state folder of the note
 * @param cli runs the CLI on the stack
 */
export async function unprotect(state: string, stack: string, cli: Cli): Promise<void> {
  const { deployment }: ExportedState = JSON.parse(await cli("stack", "export"));
  const urns = deployment.resources?.filter(({ protect }) => protect).map(({ urn }) => urn) ?? [];
  const note: Note = { ...thisProcess(), urns };
  const file = noteIn(state, stack);
  writeWhole(file, JSON.stringify(note), 0o600);
  await cli("state", "unprotect", "--all", "--yes");
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
  const { urns, ...owner }: Note = JSON.parse(readFileSync(noteFile, "utf8"));
  if (!isOver(owner)) return;
  const left: ExportedState = JSON.parse(await cli("stack", "export"));
  const file = join(state, `protected.${stack}.json`);
  writeFileSync(file, JSON.stringify(marking(left, urns, { protect: true })), { mode: 0o600 });
  await cli("stack", "import", "--file", file);
  rmSync(file);
  rmSync(noteFile);
}
