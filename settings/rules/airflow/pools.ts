import { countsOf, groupParts } from "../../model/groups.ts";
import { slotsOf } from "../../model/slots.ts";
import { rule } from "../rule.ts";

/** Rejects pools with more slots than the workers have, which limit nothing; pools that count deferred tasks may. */
export const poolRule = rule(["pools.*.slots", "pools.*.includeDeferred", ...groupParts], (parsed) => {
  const slotCount = slotsOf(countsOf(parsed));
  if (slotCount === 0) return [];
  return Object.entries(parsed.pools)
    .filter(([, { slots, includeDeferred }]) => slots > slotCount && !includeDeferred)
    .map(([name]) => ({
      path: ["pools", name, "slots"],
      message: `all workers together run ${slotCount} tasks at once: expected at most ${slotCount}, or -1 for no limit`,
    }));
});
