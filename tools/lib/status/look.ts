import { proofRequest } from "../../../components/canary/request.ts";
import { machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { type Backups, keeper } from "../backup/store.ts";
import { type Bounds, boundsOf } from "../bounds/bounds.ts";
import type { Stack } from "../stack.ts";
import { glanceAtState } from "../state.ts";
import { expected, withMissing } from "./expected.ts";
import { type MachineFacts, runningOf } from "./facts.ts";
import { taskFacts } from "./flower.ts";
import { type Ask, askerOf, instancesOf } from "./inside.ts";
import { queueFacts } from "./load.ts";
import { type Bundle, heldTasks, type LastProof, unreadQueues, withHeld } from "./queues.ts";
import type { Facts } from "./table.ts";
import { type WaitingRun, waitingRuns } from "./waiting.ts";

/** What a look at a running stack finds. */
export interface Look {
  readonly at: Date;
  readonly facts: Facts;
  readonly waiting: readonly WaitingRun[];
  readonly bounds: Bounds;
  readonly bundles: readonly Bundle[];
  readonly proof: LastProof | null;
  /** Undefined if the stack has none, or their container does not answer. */
  readonly backups: Backups | undefined;
}

async function knownBackups(
  ask: Ask,
  machines: readonly MachineFacts[],
  settings: Settings,
): Promise<Backups | undefined> {
  const place = settings.backup && runningOf(machines, "backup");
  if (!place) return undefined;
  const { text, complaint } = await ask(place.machine, place.name, [...keeper, "list"]);
  return complaint === undefined ? JSON.parse(text) : undefined;
}

/** Looks at a stack: first which instances there are, then into these, all at once. */
export async function lookAt(stack: Stack, settings: Settings): Promise<Look> {
  const ask = askerOf(stack, settings);
  const [state, found] = await Promise.all([glanceAtState(stack), instancesOf(stack, settings)]);
  const wanted = expected(state, stack.prefix, machinesOf(settings));
  const machines = found.map((facts) => withMissing(facts, wanted.get(facts.name)));
  const [told, held, bounds, backups] = await Promise.all([
    taskFacts(ask, machines),
    heldTasks(ask, machines),
    boundsOf(settings, machines, ask),
    knownBackups(ask, machines, settings),
  ]);
  const tasks = withHeld(told, held);
  const unread = unreadQueues(tasks, proofRequest(settings, false).groups);
  const queues = queueFacts(tasks, held.oldest, unread);
  return {
    at: new Date(),
    facts: { machines, tasks, queues },
    waiting: waitingRuns(held, queues),
    bounds,
    bundles: held.bundles,
    proof: held.proof,
    backups,
  };
}
