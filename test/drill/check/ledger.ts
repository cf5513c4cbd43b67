import { z } from "zod";

const start = z.object({
  id: z.string(),
  at: z.number(),
  what: z.literal("start"),
  dag: z.string(),
  run: z.string(),
  task: z.string(),
  map: z.number().int(),
  try: z.number().int(),
  host: z.string(),
  pid: z.number().int(),
});
const line = z.discriminatedUnion("what", [
  start,
  z.object({ id: z.string(), at: z.number(), what: z.literal("tick") }),
  z.object({ id: z.string(), at: z.number(), what: z.literal("end"), how: z.string() }),
]);

/** Execution of a task by one process; an attempt has several if it gives up its slot to wait. */
export interface Execution {
  readonly id: string;
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  readonly map: number;
  readonly try: number;
  readonly host: string;
  readonly pid: number;
  /** Times of its start, of each sign of life, and of its end if it finished. */
  readonly moments: readonly number[];
  /** `done`, `planned`, `deferred`, `rescheduled` or `error NAME`; undefined if its process was killed. */
  readonly how?: string;
}

/** Returns the last line that begins in a text: what is before it is of a process that was killed as it wrote. */
function lastBegun(text: string): string {
  return text.slice(Math.max(0, text.lastIndexOf('{"id": ')));
}

/**
 * Reads the ledger: lines of any number of processes, in any order. A kill tears a line that crosses a page of memory; such
 * a line, the last of its process, is left out.
 * @throws Error for a line that no task writes
 */
export function readLedger(text: string): readonly Execution[] {
  const lines = text
    .split("\n")
    .map(lastBegun)
    .filter((one) => one.endsWith("}"));
  const parsed = [...new Set(lines)].map((one) => line.parse(JSON.parse(one)));
  const groups = Map.groupBy(parsed, ({ id }) => id);
  return [...groups.values()].map((of): Execution => {
    const first = of.find((one) => one.what === "start");
    if (!first)
      throw new Error(`The ledger has no start of ${of[0]?.id}, but ${of.length} other line(s) of it.`);
    const { at: _, what, ...task } = first;
    const end = of.find((one) => one.what === "end");
    const moments = of.map(({ at }) => at).sort((a, b) => a - b);
    return { ...task, moments, ...(end && { how: end.how }) };
  });
}

export function beganAt({ moments }: Execution): number {
  return moments[0] ?? Number.NaN;
}

export function lastSeen({ moments }: Execution): number {
  return moments.at(-1) ?? Number.NaN;
}
