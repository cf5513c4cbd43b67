import { counterOf } from "../../../roles.ts";
import {
  type ConvertedKey,
  handled,
  type Item,
  type Outcome,
  unreadableValue,
  unsupported,
  withTodo,
} from "../../rule.ts";
import { parseInteger } from "../../units.ts";
import { type ComposeContext, singleRolesOf } from "../context.ts";
import { runningRoles } from "../roles.ts";
import { type ComposeService, instancesOf } from "../services.ts";

/** True for a role of which the stack runs as many instances as it is told, or which prepares the database once. */
export function isCounted(role: string): boolean {
  return role === "worker" || role === "migration" || counterOf(role) !== undefined;
}

export function oneInstance(role: string): string {
  return `the stack runs one instance of ${role}`;
}

/** Lists the numbers of instances of roles, which all services of a role add up to. */
export function instanceTargets(
  roles: readonly string[],
  services: readonly ComposeService[],
): ConvertedKey[] {
  return roles.flatMap((role) => {
    const key = counterOf(role);
    return key === undefined ? [] : [{ path: [key], value: instancesOf(role, services) }];
  });
}

/** Lists the numbers of instances of roles that several services start. */
export function sharedRoleTargets(services: readonly ComposeService[]): ConvertedKey[] {
  return instanceTargets(runningRoles, services).filter(({ value }) => Number(value) > 1);
}

export const replicas = ({ value }: Item, context: ComposeContext): Outcome => {
  const count = parseInteger(value);
  if (count === undefined) return unreadableValue("a whole number");
  const roles = singleRolesOf(context);
  const groups = new Set(context.users.flatMap(({ worker }) => (worker ? [worker.group] : [])));
  const targets = [
    ...[...groups].map(({ path, workers }) => ({ path: [...path, "workers"], value: workers })),
    ...instanceTargets(roles, context.services),
  ];
  const left = count === 1 ? [] : roles.filter((role) => !isCounted(role)).map(oneInstance);
  const why = left.join("; ");
  if (targets.length === 0) return why === "" ? handled("there is one") : unsupported(why);
  const outcome: Outcome = { kind: "taken", targets };
  return why === "" ? outcome : withTodo(outcome, why);
};
