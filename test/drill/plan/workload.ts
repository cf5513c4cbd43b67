import { readFileSync } from "node:fs";
import { z } from "zod";

const names = [
  "chains",
  "links",
  "linkSeconds",
  "waves",
  "width",
  "fanSeconds",
  "long",
  "longSeconds",
  "sensors",
  "sensorSeconds",
  "pokeSeconds",
  "deferred",
  "deferredSeconds",
  "retried",
  "mapped",
] as const;
const file = new URL("../dags/drill_workload.json", import.meta.url);
const numbers = z
  .strictObject(
    Object.fromEntries(names.map((name) => [name, z.number()])) as Record<
      (typeof names)[number],
      z.ZodNumber
    >,
  )
  .parse(JSON.parse(readFileSync(file, "utf8")));

/** Task that a run of the workload must execute. */
export interface ExpectedTask {
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  /** -1 for a task that is not mapped. */
  readonly map: number;
  /** Tasks of the same run that must succeed first. */
  readonly after: readonly string[];
  /** Time at which its run was triggered, in seconds since the kernel booted. */
  readonly triggered: number;
}

type Shaped = Omit<ExpectedTask, "run" | "triggered">;

function* upTo(count: number): Generator<number> {
  for (let at = 0; at < count; at++) yield at;
}

function tasks(dag: string, predecessors: Readonly<Record<string, readonly string[]>>): Shaped[] {
  return Object.entries(predecessors).map(([task, after]) => ({ dag, task, map: -1, after }));
}

function chain(names: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(names.map((name, at) => [name, names.slice(0, at).slice(-1)]));
}

/** Builds the same shapes as `dags/drill.py` does from the same numbers. */
function shapes(): Shaped[] {
  const { chains, links, waves, width, long, sensors, deferred, retried } = numbers;
  const wave = (number: number) => [...upTo(width)].map((at) => `fan_${number}_${at}`);
  return tasks("drill", {
    ...Object.assign(
      {},
      ...[...upTo(chains)].map((one) => chain([...upTo(links)].map((link) => `chain_${one}_${link}`))),
    ),
    ...Object.fromEntries(
      [...upTo(waves)].flatMap((number) =>
        wave(number).map((name) => [name, number === 0 ? [] : wave(number - 1)]),
      ),
    ),
    ...Object.fromEntries([...upTo(long)].map((number) => [`long_${number}`, []])),
    ...Object.fromEntries([...upTo(sensors)].map((number) => [`sensor_${number}`, []])),
    ...chain([...upTo(deferred)].map((number) => `deferred_${number}`)),
    ...Object.fromEntries([...upTo(retried)].map((number) => [`retried_${number}`, []])),
  });
}

/**
 * Checks whether a schedule includes the mapped task, which takes three times the CPU time of all other
 * tasks together.
 */
export function hasMapped(seed: number): boolean {
  return seed % 5 === 0;
}

/** Names the DAGs to run, with or without the one of the mapped task. */
export function dagsOf(mapped: boolean): readonly string[] {
  return ["drill", ...(mapped ? ["drill_mapped"] : [])];
}

/** Lists the tasks of one run of each DAG. */
export function workloadOf(run: string, mapped: boolean, triggered: number): readonly ExpectedTask[] {
  const burst = [...upTo(numbers.mapped)].map((map) => ({
    dag: "drill_mapped",
    task: "noop",
    map,
    after: [],
  }));
  return [...shapes(), ...(mapped ? burst : [])].map((one) => ({ ...one, run, triggered }));
}
