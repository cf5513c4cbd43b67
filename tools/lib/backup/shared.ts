import type { Settings } from "../../../settings/model/groups.ts";
import { bucketIn } from "../../../settings/schema/upkeep/destination.ts";

type Placed = Pick<Settings, "backup" | "machines">;

/**
 * Explains why a stack with the secrets of another one may not keep its backups where that does: each would count the other's as
 * its own, and remove them. Undefined if the places differ, such as directories of two machines.
 */
export function sharedPlaceFault(stack: Placed, other: Placed, name: string): string | undefined {
  const [to, place] = [stack, other].map(({ backup }) => backup?.to);
  if (to === undefined || to === "volume" || to !== place) return;
  const [here, there] = [stack, other].map(({ machines }) => machines?.[0]?.docker);
  if (!bucketIn(to) && here !== there) return;
  return `backup.to is ${to}, where stack ${name} keeps its backups; expected a place for this stack alone`;
}
