import { proofRequest } from "../../../components/canary/request.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { type Backups, backupProgram } from "../backup/store.ts";
import { type Bounds, boundsOf } from "../bounds/bounds.ts";
import type { Stack } from "../stack.ts";
import { glanceAtState } from "../state.ts";
import { type MachineFacts, runningOf } from "./facts.ts";
import { taskFacts } from "./flower.ts";
import { type Exec, execOf, instancesOf } from "./inside.ts";
import { queueFacts } from "./load.ts";
import { type Bundle, heldTasks, type LastProof, unreadQueues, withHeld } from "./queues.ts";
import type { StatusFacts } from "./table.ts";
import { type WaitingRun, waitingRuns } from "./waiting.ts";

/** Findings of one look at a running stack. */
export interface Look {
  readonly at: Date;
  readonly facts: StatusFacts;
  readonly waiting: readonly WaitingRun[];
  /** Number of runs and groups of tasks beyond these, which have waited for less time. */
  readonly unlisted: number;
  readonly bounds: Bounds;
  readonly bundles: readonly Bundle[];
  readonly proof: LastProof | null;
  /** Reason why waiting runs, bundles and the proof are not known. */
  readonly unknown?: string | undefined;
  /** Undefined if the stack has no backups, or their container does not answer. */
  readonly backups: Backups | undefined;
}

async function knownBackups(
  exec: Exec,
  machines: readonly MachineFacts[],
  settings: Settings,
): Promise<Backups | undefined> {
  const place = settings.backup && runningOf(machines, "backup");
  if (!place) return undefined;
  const { text, complaint } = await exec(place.machine, place.name, [...backupProgram, "list"]);
  return complaint === undefined ? JSON.parse(text) : undefined;
}

/** Looks at a stack: first lists its instances, then looks into them, all at once. */
export async function lookAt(stack: Stack, settings: Settings): Promise<Look> {
  const exec = execOf(stack, settings);
  const machines = await instancesOf(stack, settings, await glanceAtState(stack));
  const [byFlower, held, bounds, backups] = await Promise.all([
    taskFacts(exec, machines),
    heldTasks(exec, machines),
    boundsOf(settings, machines, exec),
    knownBackups(exec, machines, settings),
  ]);
  const tasks = withHeld(byFlower, held);
  const unread = unreadQueues(tasks, proofRequest(settings, false).groups);
  const queues = queueFacts(tasks, held.oldest, unread);
  return {
    at: new Date(),
    facts: { machines, tasks, queues },
    waiting: waitingRuns(held, queues),
    unlisted: held.unlisted,
    bounds,
    bundles: held.bundles,
    proof: held.proof,
    unknown: held.cause,
    backups,
  };
}
