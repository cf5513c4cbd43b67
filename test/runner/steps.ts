import { appendFileSync } from "node:fs";

/** Kinds of timed steps of a live test; the rest of its time counts as `act`. */
export const kinds = ["deploy", "wait", "remove"] as const;

type Kind = (typeof kinds)[number];

/** Timed step of a test file. */
export interface Step {
  readonly kind: Kind;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Environment variable naming the file that steps are appended to, one line of JSON each. */
export const stepsFile = "TEST_STEPS_FILE";

let depth = 0;

/** Runs and times a step; a step that starts during another one counts as part of that one. */
export async function timed<T>(kind: Kind, action: () => Promise<T>): Promise<T> {
  const file = process.env[stepsFile];
  if (file === undefined || depth > 0) return action();
  depth++;
  const from = Date.now();
  try {
    return await action();
  } finally {
    depth--;
    const step: Step = { kind, from, to: Date.now() };
    appendFileSync(file, `${JSON.stringify(step)}\n`);
  }
}
