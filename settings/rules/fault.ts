import type { ParsedConfig, RawConfig } from "../schema/schema.ts";

/** One thing wrong: the names and numbers that lead to it, and what is allowed instead. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** What was given, in other words than its own: where it is no secret though its neighbours may be. */
  readonly given?: string;
}

/**
 * Finds what is wrong between values that are right by themselves: as they are parsed, and as they were given.
 * A value that is wrong by itself cannot be read, which ends the check (`readable.ts`).
 */
export type Check = (parsed: ParsedConfig, given: RawConfig) => readonly Fault[];
