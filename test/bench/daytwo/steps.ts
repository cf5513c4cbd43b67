import { setTimeout as sleep } from "node:timers/promises";
import { moduleFolder } from "../../../components/roles/modules.ts";
import { listBackups, type ProvenBackup, placeOfBackups } from "../../../tools/lib/backup/store.ts";
import { run, waitFor } from "../../../tools/lib/process.ts";
import type { TestStack } from "../../live/lib/harness.ts";
import { secondsSince } from "../usage.ts";
import { type Locks, watchLocks } from "./locks.ts";
import { watchMemory } from "./memory.ts";
import { type Felt, feltBetween, type Pulse } from "./pulse.ts";

/** Seconds in which nothing but the DAG runs. */
const idleSeconds = 60;

/** A step beside which a DAG runs again and again. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
  /** Most MiB that a container of the backups held; undefined if the step has none. */
  readonly memory?: number;
  readonly felt: Felt;
}

/** A stack, a clone of the project for commands on it, and the DAG that runs meanwhile. */
export interface Bench {
  readonly stack: TestStack;
  readonly clone: string;
  readonly pulse: Pulse;
}

/** Does a step, and measures it. */
async function measured<T>({ pulse }: Bench, name: string, work: () => Promise<T>) {
  console.log(`Step: ${name}`);
  const begin = Date.now();
  const result = await work();
  const seconds = secondsSince(begin);
  const felt = feltBetween(pulse.beats, begin, Date.now());
  console.log(`  ${name}: ${seconds.toFixed(0)} s, ${JSON.stringify(felt)}`);
  return { step: { name, seconds, felt } satisfies Step, result };
}

/** Does a step in the containers of the backups. */
async function withBackups<T>(bench: Bench, name: string, work: () => Promise<T>) {
  const memory = watchMemory(["backup", "restore"].map((instance) => `${bench.stack.prefix}-${instance}`));
  const { step, result } = await measured(bench, name, work).finally(memory);
  return { step: { ...step, memory: await memory() } satisfies Step, result };
}

/** Runs a command of the project on the stack, with its output in the terminal; returns its standard output. */
function command({ stack, clone }: Bench, name: string, ...args: string[]): Promise<string> {
  return run("npm", ["run", "--silent", name, "--", "--stack", stack.stack.name, ...args], {
    cwd: clone,
    hear: (chunk) => process.stdout.write(chunk.replace(/^(?=.)/gm, "  ")),
  });
}

export async function idle(bench: Bench, name: string): Promise<Step> {
  return (await measured(bench, name, () => sleep(idleSeconds * 1000))).step;
}

/** Waits for the backup that a new stack takes by itself; returns the latest backup. */
export async function latestBackup({ stack: { stack } }: Bench): Promise<ProvenBackup> {
  const place = await placeOfBackups(stack, stack.deployed());
  return waitFor("a backup", 300, async () => (await listBackups(place, stack.deployed())).backups[0]);
}

export async function backup(bench: Bench): Promise<Step> {
  return (await withBackups(bench, "`npm run backup`", () => command(bench, "backup"))).step;
}

/** Restores a backup into the stack that made it. */
export async function restore(bench: Bench, { id }: ProvenBackup): Promise<Step> {
  const restored = () => command(bench, "restore", "--from", id, "--yes");
  return (await withBackups(bench, "`npm run restore`, with a backup of the present data first", restored))
    .step;
}

/** Rehearses an upgrade; returns the sentence about the migration, too. */
export async function rehearse(bench: Bench, to: string): Promise<{ step: Step; told: string }> {
  const rehearsed = () => command(bench, "upgrade", "--to", to, "--rehearse");
  const name = `\`npm run upgrade -- --to ${to} --rehearse\`, from ${bench.stack.outputs.version}`;
  const { step, result } = await withBackups(bench, name, rehearsed);
  const [, told = ""] = /\] 2 (migrating .*)/.exec(result) ?? [];
  return { step, told };
}

/** Keeps the schedulers from cleaning, for three hours; `clean` ends that. */
export async function postponeCleaning({ stack }: Bench): Promise<void> {
  await stack.broker("redis.set('airflow-retention', '', ex=10800)");
}

export interface Cleaned {
  readonly step: Step;
  readonly rows: number;
  readonly locks: Locks;
}

/** Cleans as a scheduler does every hour. */
export async function clean(bench: Bench): Promise<Cleaned> {
  const { stack } = bench;
  await stack.broker("redis.delete('airflow-retention')");
  const locks = await watchLocks(stack);
  const program = ["nice", "-n", "10", "python", `${moduleFolder}/records.py`];
  const hear = (chunk: string) => process.stdout.write(chunk);
  const { step, result } = await measured(bench, "cleaning", () =>
    run("docker", ["exec", `${stack.prefix}-scheduler`, ...program], { hear }),
  );
  const counts = [...result.matchAll(/removed (\d+) rows/g)].map(([, count]) => Number(count));
  return { step, rows: counts.reduce((sum, count) => sum + count, 0), locks: await locks() };
}

/** Seconds of commands that look at the stack. */
export interface Looks {
  readonly status: number;
  readonly list: number;
}

export async function look(bench: Bench): Promise<Looks> {
  const seconds = async (name: string, ...args: string[]) => {
    const begin = Date.now();
    await command(bench, name, ...args);
    return secondsSince(begin);
  };
  return { status: await seconds("status"), list: await seconds("backup", "--list") };
}
