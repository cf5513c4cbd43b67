import { groupsOf } from "../../model/groups.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Rejects a user with the login of `adminUser`, whom the stack itself declares. */
export function userFaults({ users, adminUser }: ParsedConfig): Fault[] {
  if (users[adminUser] === undefined) return [];
  const message = "adminUser has this login: expected another one; its password is secrets.adminPassword";
  return [{ path: ["users", adminUser], message }];
}

/** Rejects groups whose workers share a name: `worker-a-b` is group a-b, and group a on machine b. */
export function workerNameFaults(parsed: ParsedConfig): Fault[] {
  const names = groupsOf(parsed).map(({ name }) => name);
  return parsed.workerGroups.flatMap(({ name }, at) => {
    const full = `worker-${name}`;
    const others = names.filter((other) => other === full).length;
    if (others < 2 || parsed.workerGroups.filter((group) => group.name === name).length > 1) return [];
    const message = `other workers are ${full} too, by their machine: expected a name of its own`;
    return [{ path: ["workerGroups", at, "name"], message }];
  });
}
