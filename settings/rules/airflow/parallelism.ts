import { airflowOption } from "../../model/airflowOptions.ts";
import { groupsOf } from "../../model/groups.ts";
import { parallelismFor, slotsOf } from "../../model/slots.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Rejects a parallelism with which schedulers queue fewer tasks than workers run, and leave some idle. */
export function parallelismFaults(parsed: ParsedConfig): Fault[] {
  const given = airflowOption(parsed, "core.parallelism");
  if (!given) return [];
  const { path, value } = given;
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    return [{ path, message: "expected a whole number, 1 or more", given: value }];
  }
  const { schedulers } = parsed;
  const slots = slotsOf(groupsOf(parsed));
  if (Number(value) * schedulers >= slots) return [];
  const least = Math.ceil(slots / schedulers);
  const queue = `${schedulers} scheduler(s) with ${value} each queue ${Number(value) * schedulers}`;
  const message =
    `the workers run ${slots} tasks at once, and ${queue}: ` +
    `expected at least ${least}; without it the stack takes ${parallelismFor(slots, schedulers)}`;
  return [{ path, message, given: value }];
}
