import type { Given, Stated } from "../schema.ts";

/** One thing wrong: the names and numbers that lead to it, and what is allowed instead. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Finds what is wrong between values that are right by themselves: as they are parsed, and as they were given. */
export type Check = (parsed: Stated, given: Given) => readonly Fault[];
