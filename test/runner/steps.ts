import { appendFileSync } from "node:fs";

/** A live test deploys, waits for what it deployed, acts, and removes; what is not timed is acting. */
export const kinds = ["deploy", "wait", "remove"] as const;

type Kind = (typeof kinds)[number];

/** A step of a test file. */
export interface Step {
  readonly kind: Kind;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Names the file that steps are written to, a line of JSON for each. */
export const stepsFile = "TEST_STEPS_FILE";

let depth = 0;

/** Does something, and notes how long it took; a step within another, or beside it, is part of that. */
export async function timed<T>(kind: Kind, doing: () => Promise<T>): Promise<T> {
  const file = process.env[stepsFile];
  if (file === undefined || depth > 0) return doing();
  depth++;
  const from = Date.now();
  try {
    return await doing();
  } finally {
    depth--;
    const step: Step = { kind, from, to: Date.now() };
    appendFileSync(file, `${JSON.stringify(step)}\n`);
  }
}
