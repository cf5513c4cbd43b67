import { groupsOf } from "../../model/groups.ts";
import { slotsOf } from "../../model/slots.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";
import { each } from "../readable.ts";

/** Rejects pools with more slots than workers, which limit nothing, unless deferred tasks count too. */
export function poolFaults(parsed: ParsedConfig): Fault[] {
  const most = slotsOf(groupsOf(parsed));
  if (most === 0) return [];
  return each(Object.entries(parsed.pools), ([name, { slots, includeDeferred }]) =>
    slots <= most || includeDeferred
      ? []
      : [
          {
            path: ["pools", name, "slots"],
            message: `all workers together run ${most} tasks at once: expected at most that, or -1, which is any number`,
          },
        ],
  );
}
