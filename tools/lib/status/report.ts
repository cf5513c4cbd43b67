import type { Settings } from "../../../settings/model/groups.ts";
import { backupTroubles, lastBackup } from "../backup/report.ts";
import type { Backups, ProvenBackup } from "../backup/store.ts";
import { boundsTable, exceeded, warnings } from "../bounds/bounds.ts";
import { daysUntil } from "../bounds/certificates.ts";
import type { Fullness } from "../bounds/volumes.ts";
import { type Instance, instancesOn, runningOf } from "./facts.ts";
import { lateness } from "./late.ts";
import type { QueueFacts } from "./load.ts";
import type { Look } from "./look.ts";
import { type Bundle, type LastProof, lastProof, revisions } from "./queues.ts";
import { memoryWarnings, statusTable, troubles, waitingTable } from "./table.ts";
import type { WaitingRun } from "./waiting.ts";

/** Output of `npm run status -- --json`. Fields may be added; existing ones keep their names and meanings. */
interface Report {
  readonly stack: string;
  /** Times are in ISO 8601. */
  readonly at: string;
  /** True if there are no troubles; then the exit code is 0. */
  readonly fine: boolean;
  readonly troubles: readonly string[];
  /** Volumes, certificates and memory limits that need attention soon. */
  readonly warnings: readonly string[];
  /** Machines or nodes; `cause` says why a machine's instances are not known. */
  readonly machines: readonly {
    readonly name: string;
    readonly cause: string | null;
    readonly instances: readonly (Omit<Instance, "output" | "since" | "reason"> & {
      readonly since: string | null;
      readonly reason: string | null;
      /** Last output of the health check, or why the container did not start. */
      readonly says: string | null;
    })[];
  }[];
  /** Null if neither Flower nor the database answers. */
  readonly queues: readonly QueueFacts[] | null;
  readonly waiting: readonly WaitingRun[];
  /** Number of runs, and of groups of tasks of a run, beyond the 200 of each that have waited longest. */
  readonly unlistedWaiting: number;
  /** Sources of DAGs, with their revision. */
  readonly bundles: readonly Bundle[];
  readonly proof: LastProof | null;
  /** The last proven backup. */
  readonly backup: ProvenBackup | null;
  readonly backupFailure: Backups["failure"];
  readonly volumes: readonly Fullness[];
  readonly certificates: readonly { readonly what: string; readonly end: string; readonly days: number }[];
}

/** Seconds that a proof of the canary may take. */
const proofSeconds = 900;

/** Says what is wrong with the proofs of a canary; `since` is the start of its container. */
function canaryTrouble({ proof, at }: Look, every: number, since?: Date): string | undefined {
  if ((proof?.faults.length ?? 0) > 0) return "the last proof failed";
  const proving = { what: "proof", container: "the canary", last: proof?.at, since };
  return lateness(proving, every + proofSeconds, at);
}

/** Lists the troubles of a stack, of all findings. */
function faultsOf(look: Look, { backup, canary }: Settings): string[] {
  const found = [...troubles(look.facts), ...exceeded(look.bounds, look.at)];
  if (look.unknown !== undefined) found.push(look.unknown);
  if (backup)
    found.push(
      ...backupTroubles(look.backups, backup, look.at, runningOf(look.facts.machines, "backup")?.since),
    );
  // Without a canary, the last proof may be old.
  const late = canary && canaryTrouble(look, canary.every, runningOf(look.facts.machines, "canary")?.since);
  if (late !== undefined && look.unknown === undefined) found.push(late);
  return found;
}

/** Converts a look at a stack to the output of `--json`. */
export function statusReport(stack: string, look: Look, settings: Settings): Report {
  const { at, facts, waiting, unlisted, bounds, bundles, proof, backups } = look;
  const faults = faultsOf(look, settings);
  return {
    stack,
    at: at.toISOString(),
    fine: faults.length === 0,
    troubles: faults,
    warnings: [
      ...warnings(bounds, at).filter((line) => !faults.includes(line)),
      ...memoryWarnings(facts.machines),
    ],
    machines: facts.machines.map((machine) => ({
      name: machine.name,
      cause: "cause" in machine ? machine.cause : null,
      instances: instancesOn(machine).map(({ output, since, reason, ...rest }) => ({
        ...rest,
        since: since?.toISOString() ?? null,
        reason: reason ?? null,
        says: output ?? null,
      })),
    })),
    queues: "cause" in facts.tasks ? null : facts.queues,
    waiting,
    unlistedWaiting: unlisted,
    bundles,
    proof,
    backup: backups?.backups[0] ?? null,
    backupFailure: backups?.failure ?? null,
    volumes: bounds.volumes,
    certificates: bounds.certificates.map(({ what, end }) => ({
      what,
      end: end.toISOString(),
      days: daysUntil(end, at),
    })),
  };
}

/** Renders a look for people. */
export function pageOf(look: Look, { warnings: soon, troubles: faults }: Report): string {
  const { at, facts, waiting, unlisted, bounds, bundles, proof, backups } = look;
  const list = (head: string, lines: readonly string[]) =>
    lines.length > 0 ? [`${head}\n${lines.map((line) => `  ${line}`).join("\n")}`] : [];
  const last = [lastProof({ proof }), lastBackup(backups, at)].filter((line) => line !== undefined);
  return [
    statusTable(facts, at),
    ...(waiting.length > 0 ? [waitingTable(waiting, unlisted)] : []),
    boundsTable(bounds, at),
    ...list("Needs attention soon:", soon),
    ...revisions(bundles),
    ...last,
    ...(faults.length > 0 ? [`Troubles: ${faults.join("; ")}.`] : []),
  ].join("\n\n");
}
