import type { QueueFacts } from "./load.ts";

interface Group {
  readonly dag: string;
  readonly run: string;
  /** True if the DAG is paused. */
  readonly paused: boolean;
  /** The DAG's limit of active runs or tasks, and the number that counts against this limit. */
  readonly most: number;
  readonly active: number;
  /** Seconds that the run or its tasks have waited. */
  readonly seconds: number | null;
}

/** Tasks of a run that wait in the same place. */
interface TaskGroup extends Group {
  readonly state: "scheduled" | "queued";
  readonly queue: string | null;
  readonly pool: string;
  readonly tasks: number;
}

/** Runs and tasks that wait, as the database has them. */
export interface Waiting {
  readonly runs: readonly Group[];
  readonly tasks: readonly TaskGroup[];
  /** Number of runs and groups of tasks that are not listed, since the listed ones have waited longer. */
  readonly unlisted: number;
  /** Slots of each pool, and how many are taken. */
  readonly pools: Readonly<Record<string, readonly [slots: number, taken: number]>>;
}

/** A run that waits, or has tasks that do. */
export interface WaitingRun {
  readonly dag: string;
  readonly run: string;
  /** Tasks that wait; null for a run that has not begun. */
  readonly tasks: number | null;
  readonly seconds: number;
  readonly why: string;
}

/** Seconds that work may wait for no known reason without being listed. */
const ordinarySeconds = 30;

const paused = "the DAG is paused";

function whyRun(run: Group): string | undefined {
  if (run.paused) return paused;
  if (run.active >= run.most) return `max_active_runs: ${run.active} of ${run.most} run`;
  return undefined;
}

function whyScheduled(group: TaskGroup, pools: Waiting["pools"]): string | undefined {
  if (group.paused) return paused;
  const pool = pools[group.pool];
  if (!pool) return `there is no pool ${group.pool}`;
  const [slots, taken] = pool;
  // A pool of -1 has no limit.
  if (slots >= 0 && taken >= slots) return `pool ${group.pool} has no free slot: ${taken} of ${slots} taken`;
  if (group.active >= group.most) return `max_active_tasks: ${group.active} of ${group.most} run`;
  return undefined;
}

function whyQueued({ queue }: TaskGroup, queues: readonly QueueFacts[]): string | undefined {
  const facts = queues.find(({ name }) => name === queue);
  if (facts?.unread) return `no worker reads queue ${queue}`;
  if (facts && facts.places > 0 && facts.busy >= facts.places)
    return `all ${facts.places} places of queue ${queue} are busy`;
  return undefined;
}

/** Lists runs and tasks that wait, with the reason; without a known one only after {@link ordinarySeconds}. */
export function waitingRuns(
  { runs, tasks, pools }: Omit<Waiting, "unlisted">,
  queues: readonly QueueFacts[],
): WaitingRun[] {
  const found = [
    ...runs.map((run) => ({ ...run, tasks: null, why: whyRun(run) })),
    ...tasks.map((group) => ({
      ...group,
      why: group.state === "scheduled" ? whyScheduled(group, pools) : whyQueued(group, queues),
    })),
  ];
  return found
    .filter(({ why, seconds }) => why !== undefined || (seconds ?? 0) >= ordinarySeconds)
    .map(({ dag, run, tasks, seconds, why = "unknown: see the scheduler's log" }) => {
      return { dag, run, tasks, seconds: Math.round(seconds ?? 0), why };
    });
}
