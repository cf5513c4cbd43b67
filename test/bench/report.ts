import type { Page } from "../figures.ts";
import type { Requests } from "./cluster/replacing.ts";
import { type Idle, idleSeconds, monitoredWorkers, type Start } from "./measures.ts";
import { median } from "./median.ts";
import { counts, type Work } from "./work.ts";

/** Place of the figures of each platform. */
export const pages = {
  docker: { page: "docs/scale.md", command: "npm run bench" },
  kubernetes: { page: "docs/scale.md", command: "npm run bench -- --platform kubernetes" },
} as const satisfies Record<string, Page>;

/** Measurements of one deployment; of the running one in the last round alone. */
export interface Measured {
  readonly starts: Start[];
  idle?: Idle;
  work?: Work;
  requests?: Requests;
}

/** Measurements of the rounds. */
export interface Results {
  readonly stack: Measured;
  readonly other: Measured;
  /** Name of the other deployment. */
  readonly name: string;
  monitoring?: Idle;
  previews?: readonly number[];
}

/** A figure of both deployments; undefined where there is none. */
export interface Row {
  readonly measure: string;
  readonly stack: number | undefined;
  readonly other?: number | undefined;
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

/** Lists the figures of both deployments; of several rounds the median. */
export function rowsOf({ stack, other, monitoring, previews }: Results): Row[] {
  const row = (measure: string, digits: number, figure: (of: Measured) => number | undefined): Row => ({
    measure,
    stack: figure(stack),
    other: figure(other),
    digits,
  });
  const all = [
    ...Object.entries(steps).map(([measure, step]) =>
      row(measure, 1, ({ starts }) => median(starts.map((start) => start[step]))),
    ),
    ...Object.entries(works).map(([measure, [key, digits]]) =>
      row(measure, digits, ({ work }) => work?.[key]),
    ),
    row(`MiB after ${idleSeconds} s idle`, 0, ({ idle }) => idle?.memory),
    row("CPU seconds a minute, idle", 1, ({ idle }) => idle?.cpu),
    row("requests while the webserver is replaced", 0, ({ requests }) => requests?.sent),
    row("these that failed", 0, ({ requests }) => requests?.failed),
    {
      measure: "CPU seconds of a preview without changes",
      stack: previews && median(previews),
      digits: 1,
    },
    {
      measure: `MiB of the monitoring, with ${monitoredWorkers} workers`,
      stack: monitoring?.memory,
      digits: 0,
    },
    {
      measure: `CPU seconds a minute of the monitoring, with ${monitoredWorkers} workers`,
      stack: monitoring?.cpu,
      digits: 1,
    },
  ];
  return all.filter((one) => one.stack !== undefined);
}

/** Returns the cells of a row: measure, stack, the other deployment, and the stack's share of that. */
export function cellsOf({ measure, stack, other, digits }: Row): string[] {
  const figure = (value: number | undefined, places: number) => value?.toFixed(places) ?? "";
  const share = stack !== undefined && other ? stack / other : undefined;
  return [measure, figure(stack, digits), figure(other, digits), figure(share, 2)];
}

const headOf = ({ name }: Results) => ["", "stack", name, "ratio"];

/** Prints all figures as one table. */
export function show(results: Results): void {
  for (const [first = "", ...rest] of [headOf(results), ...rowsOf(results).map(cellsOf)])
    console.log(`  ${first.padEnd(64)}${rest.map((cell) => cell.padStart(9)).join("")}`);
}

/** Renders all figures as a table of a page. */
export function table(results: Results): string {
  const head = headOf(results);
  const rule = head.map((_, at) => (at === 0 ? "---" : "--:"));
  return [head, rule, ...rowsOf(results).map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
