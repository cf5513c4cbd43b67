import { readFileSync } from "node:fs";
import { canaryDag, type ProofRequest } from "../../../components/canary/request.ts";
import { type MachineFacts, runningOf, type TaskFacts } from "./facts.ts";
import type { Exec } from "./inside.ts";
import type { Waiting } from "./waiting.ts";

const program = readFileSync(new URL("queues.py", import.meta.url), "utf8");

/** Record of the last proof in Airflow's database. */
export interface LastProof {
  readonly at: string;
  /** Trials that passed. */
  readonly success?: number;
  readonly faults: readonly string[];
}

/** A source of DAGs of Airflow 3. */
export interface Bundle {
  readonly name: string;
  /** Commit of the repository with which runs start; null for a folder. */
  readonly revision: string | null;
  /** Seconds since the bundle was last read; null if never. */
  readonly seconds: number | null;
}

/** Facts of the database and the broker. */
export interface WaitingTasks extends Waiting {
  /** Waiting tasks by queue. */
  readonly held: Readonly<Record<string, number>>;
  /** Seconds that the oldest waiting task has waited, by queue. */
  readonly oldest: Readonly<Record<string, number | null>>;
  readonly bundles: readonly Bundle[];
  readonly proof: LastProof | null;
  /** Reason why nothing of this is known. */
  readonly cause?: string;
}

const emptyQueues: WaitingTasks = {
  held: {},
  oldest: {},
  runs: [],
  tasks: [],
  unlisted: 0,
  pools: {},
  bundles: [],
  proof: null,
};

/** Prefix of the temporary queues of a proof, which workers read for the canary. */
const canaryQueue = `${canaryDag}.`;

/** Asks the database and the broker for waiting tasks, also in queues that no worker reads; without an answer, empty with a cause. */
export async function heldTasks(exec: Exec, machines: readonly MachineFacts[]): Promise<WaitingTasks> {
  const scheduler = runningOf(machines, "scheduler");
  if (!scheduler) return { ...emptyQueues, cause: "no scheduler runs" };
  const { text, complaint } = await exec(scheduler.machine, scheduler.name, ["python", "-c", program]);
  if (complaint === undefined) return JSON.parse(text);
  // The last line of Python's traceback is the error.
  const error = complaint.trim().split("\n").at(-1);
  return { ...emptyQueues, cause: `the scheduler cannot read the database or the broker: ${error}` };
}

function withoutCanary(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([queue]) => !queue.startsWith(canaryQueue)));
}

/**
 * Adds facts of the database and the broker to those of Flower, which knows only queues that workers read. Leaves out the
 * queues of a running proof.
 */
export function withHeld(tasks: TaskFacts, { held }: Pick<WaitingTasks, "held">): TaskFacts {
  if ("cause" in tasks) return tasks;
  const queued = withoutCanary(tasks.queued);
  for (const [queue, count] of Object.entries(held)) queued[queue] = Math.max(count, queued[queue] ?? 0);
  const workers = Object.entries(tasks.workers).map(([name, worker]) => [
    name,
    worker && {
      queues: worker.queues.filter((queue) => !queue.startsWith(canaryQueue)),
      running: withoutCanary(worker.running),
      places: worker.places,
    },
  ]);
  return { workers: Object.fromEntries(workers), queued };
}

/** Describes the deployed revision of each repository, one line each. */
export function revisions(bundles: readonly Bundle[]): string[] {
  return bundles.flatMap(({ name, revision, seconds }) => {
    const read = seconds === null ? "" : `, read ${Math.round(seconds)} s ago`;
    return revision === null ? [] : [`Revision of ${name}: ${revision}${read}`];
  });
}

/** Describes the last proof; undefined if there was none. */
export function lastProof({ proof }: Pick<WaitingTasks, "proof">): string | undefined {
  if (proof === null) return undefined;
  const { at, success = 0, faults } = proof;
  const result = faults.length === 0 ? `${success} trials passed` : `FAILED: ${faults.join("; ")}`;
  return `Last proof, at ${at.slice(0, 16).replace("T", " ")} UTC: ${result}`;
}

/**
 * Lists the queues that hold tasks and that no worker reads. A worker that gave no answer may read the queues of its
 * group, and an autoscaler starts workers for them.
 */
export function unreadQueues(tasks: TaskFacts, groups: ProofRequest["groups"]): readonly string[] {
  if ("cause" in tasks) return [];
  const answers = Object.values(tasks.workers);
  const read = answers.flatMap((worker) => worker?.queues ?? []);
  const isSilent = answers.includes(null);
  const expected = groups
    .filter(({ workers }) => workers === null || isSilent)
    .flatMap(({ queues }) => queues);
  return Object.entries(tasks.queued)
    .filter(([queue, count]) => count > 0 && !read.includes(queue) && !expected.includes(queue))
    .map(([queue]) => queue);
}
