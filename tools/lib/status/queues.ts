import { readFileSync } from "node:fs";
import type { ProofRequest } from "../../../settings/model/proof.ts";
import { run } from "../process.ts";
import type { Way } from "../proof/way.ts";
import { cause } from "./ask.ts";
import type { TaskFacts } from "./table.ts";

const program = readFileSync(new URL("queues.py", import.meta.url), "utf8");

/** Waiting tasks by queue, or why they are unknown. */
export type Held = Readonly<Record<string, number>> | { readonly cause: string };

/** Asks the database and the broker what waits, also in queues that no worker reads. */
export async function heldTasks({ command: [command, ...args], env }: Way): Promise<Held> {
  try {
    return JSON.parse(await run(command, [...args, "python", "-c", program], { env }));
  } catch (error) {
    return { cause: cause(error) };
  }
}

/** Adds what the database and the broker know to Flower's facts: Flower asks only for queues that workers read. */
export function withHeld(tasks: TaskFacts, held: Held): TaskFacts {
  if ("cause" in tasks || "cause" in held) return tasks;
  const queued = { ...tasks.queued };
  for (const [queue, count] of Object.entries(held)) queued[queue] = Math.max(count, queued[queue] ?? 0);
  return { ...tasks, queued };
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
