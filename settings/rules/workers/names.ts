import { groupParts, groupsOf } from "../../model/groups.ts";
import { rule } from "../rule.ts";

/** Rejects a user with the login of `adminUser`, whom the stack itself declares. */
const users = rule(["adminUser", "users.*.role"], ({ users, adminUser }) => {
  if (users[adminUser] === undefined) return [];
  const message = "adminUser has this login: expected another one; its password is secrets.adminPassword";
  return [{ path: ["users", adminUser], message }];
});

/** Rejects groups whose workers share a name: `worker-a-b` is group a-b, and group a on machine b. */
const workers = rule(groupParts, (parsed) => {
  const names = groupsOf(parsed).map(({ name }) => name);
  return parsed.workerGroups.flatMap(({ name }, at) => {
    const full = `worker-${name}`;
    const others = names.filter((other) => other === full).length;
    if (others < 2 || parsed.workerGroups.filter((group) => group.name === name).length > 1) return [];
    const message = `other workers are ${full} too, by their machine: expected a name of its own`;
    return [{ path: ["workerGroups", at, "name"], message }];
  });
});

export const nameRules = [users, workers];
