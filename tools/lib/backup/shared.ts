import { posix } from "node:path";
import type { Settings } from "../../../settings/model/groups.ts";
import { bucketIn } from "../../../settings/schema/upkeep/destination.ts";

/** Returns a destination in one form, however it is written: `s3://bucket/prefix/` and `/srv//backups` have others. */
function placeIn(to: string): string {
  const bucket = bucketIn(to);
  if (bucket) return `s3://${bucket.name}/${bucket.prefix}`;
  return posix.isAbsolute(to) ? posix.resolve(to) : to;
}

type Placed = Pick<Settings, "backup" | "machines">;

/**
 * Explains why a stack with the secrets of another one may not keep its backups where that does: each would count the other's as
 * its own, and remove them. Undefined if the places differ, such as directories of two machines.
 */
export function sharedPlaceFault(stack: Placed, other: Placed, name: string): string | undefined {
  const [to, place] = [stack, other].map(({ backup }) => backup?.to);
  if (to === undefined || to === "volume" || place === undefined || placeIn(to) !== placeIn(place)) return;
  const [here, there] = [stack, other].map(({ machines }) => machines?.[0]?.docker);
  if (!bucketIn(to) && here !== there) return;
  return `backup.to is ${to}, where stack ${name} keeps its backups; expected a place for this stack alone`;
}
