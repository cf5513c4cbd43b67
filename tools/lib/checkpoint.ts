import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { reasonOf } from "./process.ts";
import type { Operation } from "./recovery/recover.ts";
import type { Resource } from "./state.ts";

/** State of a stack in the CLI's file. */
export interface Checkpoint {
  /** Missing until the CLI has made the stack's secrets key. */
  readonly latest?: {
    readonly resources?: readonly Resource[];
    readonly pending_operations?: readonly Operation[];
    readonly secrets_providers?: { readonly state?: { readonly salt?: string } };
  };
}

function checkpointFile(state: string, stack: string): string {
  return join(state, `.pulumi/stacks/airflow/${stack}.json`);
}

/**
 * Reads the state of a stack from a folder; undefined if there is none.
 * @throws Error when the file is damaged, as a power cut may leave it
 */
export function readCheckpoint(state: string, stack: string): Checkpoint | undefined {
  const file = checkpointFile(state, stack);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")).checkpoint;
  } catch (error) {
    throw new Error(
      `${file} is damaged: ${reasonOf(error)}; expected the state of stack ${stack}. ` +
        `${file}.bak is the state before its last change: copy it over the damaged file, then run the command again.`,
    );
  }
}

/** Reads the salt of a stack's secrets key; undefined for a stack that is not, or only partly, made. */
export function readSalt(state: string, stack: string): string | undefined {
  const salt = readCheckpoint(state, stack)?.latest?.secrets_providers?.state?.salt;
  // An imported state may have no salt; the CLI wrote it into this file, too, when it made the stack.
  const file = join(state, stack, `Pulumi.${stack}.yaml`);
  return salt ?? (existsSync(file) ? parse(readFileSync(file, "utf8"))?.encryptionsalt : undefined);
}

/** Removes a stack that a killed CLI began to make, which has no secrets key and no resources. */
export function removeUnfinished(state: string, stack: string): void {
  const checkpoint = readCheckpoint(state, stack);
  if (checkpoint && !checkpoint.latest) rmSync(checkpointFile(state, stack));
}

/**
 * Removes the attributes of a stack's files that a killed CLI left half-written. The CLI writes them in place, reads no
 * file whose attributes are damaged, and needs none.
 */
export function removeDamagedAttributes(state: string, stack: string): void {
  for (const file of globSync(join(state, `.pulumi/{meta.yaml,stacks/airflow/${stack}.*}.attrs`))) {
    if (!readFileSync(file, "utf8").endsWith("}\n")) rmSync(file);
  }
}
