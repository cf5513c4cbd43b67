import { airflowOption } from "../../model/airflowOptions.ts";
import { countsOf, groupParts } from "../../model/groups.ts";
import { parallelismFor, slotsOf } from "../../model/slots.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { optionRule } from "./option.ts";

const most = 999_999_999;
const isWhole = (value: string) => /^[1-9]\d*$/.test(value) && Number(value) <= most;

const whole = optionRule("core.parallelism", (value) =>
  isWhole(value) ? undefined : `expected a whole number from 1 to ${most}`,
);

/** Rejects a parallelism that lets schedulers queue fewer tasks than the workers can run. */
const enough = rule(["settings.core.parallelism", "schedulers", ...groupParts], (parsed) => {
  const given = airflowOption(parsed, "core.parallelism");
  if (!given || !isWhole(given.value)) return [];
  const { path, value } = given;
  const { schedulers } = parsed;
  const slots = slotsOf(countsOf(parsed));
  if (Number(value) * schedulers >= slots) return [];
  const least = Math.ceil(slots / schedulers);
  const queue = `${schedulers} scheduler(s) with ${value} each queue ${Number(value) * schedulers}`;
  const message =
    `the workers run ${slots} tasks at once, but ${queue}: ` +
    `expected at least ${least}; the stack's default is ${parallelismFor(slots, schedulers)}`;
  return [{ path, message, given: value }];
});

export const parallelismRules = [whole, enough];

/** Rejects pools with more slots than the workers have, which limit nothing; pools that count deferred tasks may, and Airflow's default. */
export const poolRule = rule(["pools.*.slots", "pools.*.includeDeferred", ...groupParts], (parsed) => {
  const slotCount = slotsOf(countsOf(parsed));
  if (slotCount === 0) return [];
  return Object.entries(parsed.pools)
    .filter(
      ([name, { slots, includeDeferred }]) =>
        slots > slotCount && !includeDeferred && name !== "default_pool",
    )
    .map(([name]) => ({
      path: ["pools", name, "slots"],
      message: `all workers together run ${slotCount} tasks at once: expected at most ${slotCount}, or -1 for no limit`,
    }));
});

/** Rejects a pool that the stack's canary makes and removes. */
const ownPool = rule(["pools.*.slots"], ({ pools }) =>
  Object.keys(pools)
    .filter((name) => name.startsWith("airflow_on_celery."))
    .map((name) => ({ path: ["pools", name], message: "the stack's canary has it: expected another name" })),
);

/** Rejects a default pool without slots, in which tasks without a pool would wait; other pools may be closed on purpose. */
const closed = rule(["pools.*.slots"], ({ pools }) =>
  faultAt(
    ["pools", "default_pool", "slots"],
    pools.default_pool?.slots === 0
      ? "no task of the default pool would start: expected 1 or more, or -1 for no limit"
      : undefined,
  ),
);

/** Rejects two sizes of the default pool, of which a deployment writes one and Airflow's first start the other. */
const twoSizes = rule(["settings.core.default_pool_task_slot_count"], (parsed, isGiven) => {
  const given = airflowOption(parsed, "core.default_pool_task_slot_count");
  const hasOther = given && isGiven("pools.default_pool");
  return hasOther ? faultAt(given.path, "pools.default_pool sets it too: expected only one of them") : [];
});

/** Rules about pools that a deployed stack may break. */
export const ownPoolRules = [ownPool, closed, twoSizes];
