import type { Page } from "../figures.ts";
import { type Idle, idleSeconds, monitoredWorkers, type Start } from "./measures.ts";
import { median } from "./median.ts";
import { counts, type Work } from "./work.ts";

export const page: Page = { page: "docs/scale.md", command: "npm run bench" };

/** Measurements of the rounds. */
export interface Results {
  readonly stack: Start[];
  readonly compose: Start[];
  readonly idle: { stack?: Idle; compose?: Idle; monitoring?: Idle };
  readonly work: { stack?: Work; compose?: Work };
  previews?: readonly number[];
}

/** A figure of both deployments; undefined where there is none. */
export interface Row {
  readonly measure: string;
  readonly stack: number | undefined;
  readonly compose: number | undefined;
  /** Decimals to show. */
  readonly digits: number;
}

const steps = {
  "seconds from nothing until the command returns": "commandDone",
  "seconds from nothing until a DAG is triggered": "triggered",
  "seconds from nothing until the first task succeeded": "firstSuccess",
  "seconds from nothing until the first DAG run ended": "firstRun",
} as const;

const works = {
  [`seconds from the trigger to the end of one task, median of ${counts.runs}`]: ["latency", 2],
  "seconds for a chain of 40 tasks": ["chain", 1],
  [`tasks a minute, ${counts.mapped} at once`]: ["tasksPerMinute", 0],
  "CPU seconds for each of these": ["cpuSecondsPerTask", 2],
  [`these that succeeded at their first try, of ${counts.mapped}`]: ["first", 0],
} as const satisfies Record<string, readonly [keyof Work, number]>;

function total(idle: Idle | undefined): number | undefined {
  return idle && [...idle.memory.values()].reduce((sum, mib) => sum + mib, 0);
}

/** Lists the figures of both deployments; of several rounds the median. */
export function rowsOf({ stack, compose, idle, work, previews }: Results): Row[] {
  const started = Object.entries(steps).map(([measure, step]) => {
    const middle = (starts: readonly Start[]) => median(starts.map((start) => start[step]));
    return { measure, stack: middle(stack), compose: middle(compose), digits: 1 };
  });
  const worked = Object.entries(works).map(([measure, [key, digits]]) => {
    return { measure, stack: work.stack?.[key], compose: work.compose?.[key], digits };
  });
  const { stack: ours, compose: theirs, monitoring } = idle;
  const monitored = (unit: string, stack: number | undefined, digits: number) => ({
    measure: `${unit} of the monitoring, with ${monitoredWorkers} workers`,
    stack,
    compose: undefined,
    digits,
  });
  return [
    ...started,
    ...worked,
    { measure: `MiB after ${idleSeconds} s idle`, stack: total(ours), compose: total(theirs), digits: 0 },
    { measure: "CPU seconds a minute, idle", stack: ours?.cpu, compose: theirs?.cpu, digits: 1 },
    {
      measure: "CPU seconds of a preview without changes",
      stack: previews && median(previews),
      compose: undefined,
      digits: 1,
    },
    monitored("MiB", total(monitoring), 0),
    monitored("CPU seconds a minute", monitoring?.cpu, 1),
  ];
}

/** Returns the cells of a row: measure, stack, compose, and the stack's share of compose. */
export function cellsOf({ measure, stack, compose, digits }: Row): string[] {
  const figure = (value: number | undefined, places: number) => value?.toFixed(places) ?? "";
  const share = stack !== undefined && compose ? stack / compose : undefined;
  return [measure, figure(stack, digits), figure(compose, digits), figure(share, 2)];
}

const head = ["", "stack", "compose", "ratio"];

/** Prints all figures as one table. */
export function show(results: Results): void {
  for (const [first = "", ...rest] of [head, ...rowsOf(results).map(cellsOf)])
    console.log(`  ${first.padEnd(64)}${rest.map((cell) => cell.padStart(9)).join("")}`);
}

/** Renders all figures as a table of a page. */
export function table(results: Results): string {
  const rule = head.map((_, at) => (at === 0 ? "---" : "--:"));
  return [head, rule, ...rowsOf(results).map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
