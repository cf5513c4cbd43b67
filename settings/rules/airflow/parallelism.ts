import { groupsOf } from "../../model/groups.ts";
import { said } from "../../model/said.ts";
import { parallelismFor, slotsOf } from "../../model/slots.ts";
import type { Stated } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Schedulers that queue fewer tasks than the workers can run leave workers idle. */
export function parallelismFaults(parsed: Stated): Fault[] {
  const given = said(parsed, "core.parallelism");
  if (!given) return [];
  const { path, value } = given;
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    return [{ path, message: "allowed is a whole number, 1 or more", given: value }];
  }
  const { schedulers } = parsed;
  const slots = slotsOf(groupsOf(parsed));
  if (Number(value) * schedulers >= slots) return [];
  const least = Math.ceil(slots / schedulers);
  const queue = `${schedulers} scheduler(s) with ${value} each queue ${Number(value) * schedulers}`;
  const message =
    `the workers run ${slots} tasks at once, and ${queue}: ` +
    `allowed is at least ${least}; without it the stack takes ${parallelismFor(slots, schedulers)}`;
  return [{ path, message, given: value }];
}
