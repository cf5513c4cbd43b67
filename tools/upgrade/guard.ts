import { versionFault } from "../../components/versionChange.ts";
import { hasFlag } from "../../deploymentFlags.ts";
import { volumesIn } from "../../platforms/ownership/known.ts";
import type { Settings } from "../../settings/model/groups.ts";
import type { Stack } from "../lib/stack.ts";
import { glanceAtState, readOutputs } from "../lib/state.ts";
import { readDeployments } from "../lib/upgrade/deployments.ts";
import { interruptedUpgrade } from "../lib/upgrade/record.ts";
import { resume } from "../lib/upgrade/upgrade.ts";
import { effectsOn } from "./effects.ts";

/**
 * Finishes an upgrade that was cut off.
 * @returns true if there was one; then the stack is deployed and proven
 */
export async function endUpgrade(stack: Stack): Promise<boolean> {
  if (hasFlag("upgrade") || hasFlag("restore")) return false;
  const half = await interruptedUpgrade(stack);
  if (half) await resume(half, effectsOn(stack, 0), false);
  return half !== undefined;
}

/** Explains why an official image of Airflow has another version than the one asked for; undefined if its tag shows none. */
export function imageFault(image: string, wanted: string): string | undefined {
  const [, tagged] = /(?:^|\/)apache\/airflow:(\d+\.\d+\.\d+)(?:[-@].*)?$/.exec(image) ?? [];
  return tagged === undefined || tagged === wanted ? undefined : `${image}, which has Airflow ${tagged}`;
}

/** Returns the major version of Postgres in an image's tag; undefined if there is none, as in a date. */
export function postgresMajor(image: string): string | undefined {
  return /^[^@]*:(\d{1,2})([-.][^:@/]*)?(@.*)?$/.exec(image)?.[1];
}

/** Explains why another version of Postgres cannot open the data of the deployed one; undefined if it can. */
export function postgresFault(wanted: string, deployed: string): string | undefined {
  const [major, earlier] = [wanted, deployed].map(postgresMajor);
  if (major === undefined || earlier === undefined || major === earlier) return undefined;
  return (
    `images.postgres is ${wanted}; expected PostgreSQL ${earlier}, since another major version cannot open the data. ` +
    "docs/backup.md, Another major version of Postgres, has the commands that dump and restore it."
  );
}

/** True if a restoration fills a new server: the state has no volume of the stack's Postgres, which any version may make. */
async function fillsNewServer(stack: Stack): Promise<boolean> {
  if (!hasFlag("restore")) return false;
  const { resources = [] } = (await glanceAtState(stack)).deployment;
  const names = (["volume", "claim"] as const).flatMap((kind) => [...volumesIn(resources, kind).keys()]);
  // On a further machine the name ends with that of the machine.
  return !names.some((name) => name.startsWith("postgres-data"));
}

/** Checks that deployed data fits the stack file's versions; throws an Error with the command to use instead. */
export async function checkVersions(stack: Stack, { version, images, postgres }: Settings): Promise<void> {
  const { version: deployed } = await readOutputs(stack);
  if (typeof deployed !== "string") return;
  const [latest] = readDeployments(stack);
  const faults = [
    hasFlag("upgrade") || hasFlag("restore") ? undefined : versionFault(version, deployed, stack.name),
    latest && !postgres.url && !(await fillsNewServer(stack))
      ? postgresFault(images.postgres, latest.images.postgres ?? "")
      : undefined,
  ];
  const [fault] = faults.filter((one) => one !== undefined);
  if (fault !== undefined) throw new Error(`${stack.file}: ${fault}`);
}
