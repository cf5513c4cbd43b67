import { type Idle, idleSeconds, type Start, type Throughput, tasks } from "./measures.ts";

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const pair = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]] as const;
  return ((pair[0] ?? Number.NaN) + (pair[1] ?? Number.NaN)) / 2;
}

const figure = (value: number | undefined, digits = 1) => (value ?? Number.NaN).toFixed(digits).padStart(9);
const row = (label: string, ...cells: string[]) => console.log(`  ${label.padEnd(44)}${cells.join(" ")}`);

function showStarts(stack: readonly Start[], compose: readonly Start[]): void {
  row("seconds from the command", "   pulumi", "  compose", "    ratio");
  const compare = (label: string, a: number | undefined, b: number | undefined) =>
    row(label, figure(a), figure(b), figure((b ?? Number.NaN) / (a ?? Number.NaN), 2));
  const steps = {
    "command returns": "commandDone",
    "DAG triggered": "triggered",
    "first task succeeded": "firstSuccess",
  } as const;
  for (const [label, step] of Object.entries(steps)) {
    for (const [index, start] of stack.entries())
      compare(`${label}, round ${index + 1}`, start[step], compose[index]?.[step]);
    const medianOf = (starts: readonly Start[]) => median(starts.map((start) => start[step]));
    if (stack.length > 1) compare(`${label}, median`, medianOf(stack), medianOf(compose));
  }
}

function showIdle(stack: Idle, compose: Idle): void {
  console.log(`\n  after ${idleSeconds} s idle`);
  const total = ({ memory }: Idle) => [...memory.values()].reduce((sum, mib) => sum + mib, 0);
  for (const [name, mib] of stack.memory) row(`${name}, MiB`, figure(mib, 0));
  row("all, MiB", figure(total(stack), 0), figure(total(compose), 0));
  row("CPU seconds in a minute", figure(stack.cpu), figure(compose.cpu));
}

/** Measurements of the rounds. */
export interface Results {
  readonly stack: Start[];
  readonly compose: Start[];
  readonly idle: { stack?: Idle; compose?: Idle };
  previews?: readonly number[];
  throughput?: Throughput;
}

/** Prints everything as one table. */
export function show({ stack, compose, idle, previews, throughput }: Results): void {
  showStarts(stack, compose);
  if (idle.stack && idle.compose) showIdle(idle.stack, idle.compose);
  console.log("");
  if (previews)
    row(
      `preview without changes, CPU seconds (${previews.map((seconds) => seconds.toFixed(1)).join(", ")})`,
      figure(median(previews)),
    );
  if (throughput) {
    row(`${tasks.count} tasks that do nothing, per minute`, figure(throughput.tasksPerMinute));
    row("CPU seconds for each", figure(throughput.cpuSecondsPerTask, 2));
  }
}
