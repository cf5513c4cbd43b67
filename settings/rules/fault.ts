import type { ParsedConfig, RawConfig } from "../schema/schema.ts";

/** A wrong value: the path to it, and a message that says what is expected. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Text to print as the given value, such as one that is not secret although its neighbours may be. */
  readonly given?: string;
}

/**
 * Finds faults between values that are right by themselves, from the parsed and the given ones. A value that
 * is wrong by itself cannot be read, which ends the check (`readable.ts`).
 */
export type Check = (parsed: ParsedConfig, given: RawConfig) => readonly Fault[];
