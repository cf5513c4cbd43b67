import { counterOf } from "../../roles.ts";
import { convertExtraCommands, flagsLeft, startedByStack } from "../commands.ts";
import { flagsOf } from "../compose/worker.ts";
import { handled, type Item, type Outcome, taken, unreadableValue, unsupported } from "../rule.ts";
import { convertSecret, isExample, publicExample } from "../secrets.ts";
import { parseInteger } from "../units.ts";
import { aWholeNumber, off, rolesByChartName, type ValueLookup } from "./values.ts";

export const pool = (item: Item, values: ValueLookup): Outcome => {
  if (values("pgbouncer.enabled") !== true) return off;
  const number = parseInteger(item.value);
  if (number === undefined) return unreadableValue(aWholeNumber);
  const key = item.match[0];
  if (key === "maxClientConn") return taken(["pgbouncer", "clients"], number);
  if (key === "metadataPoolSize") return taken(["pgbouncer", "poolSize"], number);
  const isSame = number === parseInteger(values("pgbouncer.metadataPoolSize") ?? 10);
  return isSame
    ? taken(["pgbouncer", "poolSize"], number)
    : unsupported("results have as many connections as the metadata: pgbouncer.poolSize");
};

export const user = ({ match: [, field], value }: Item): Outcome => {
  if (field === "username") return taken(["adminUser"], value);
  if (field === "password")
    return isExample(value) ? publicExample : convertSecret(["secrets", "adminPassword"], String(value));
  if (field === "enabled" || (field === "role" && value === "Admin"))
    return handled("the stack makes the first administrator");
  return unsupported("the first administrator has only a password and a login");
};

interface Alias {
  readonly ip?: string;
  readonly hostnames?: readonly string[];
}

export const alias = ({ value }: Item): Outcome => {
  const { ip, hostnames = [] } = (value ?? {}) as Alias;
  return { kind: "taken", targets: hostnames.map((host) => ({ path: ["extraHosts", host], value: ip })) };
};

export const roleLabels = ({ match, value, path }: Item): Outcome => {
  const role = rolesByChartName[String(path[0])];
  const name = match.at(-1) ?? "";
  return taken(role ? ["roles", role, "labels", name] : ["labels", name], String(value));
};

export const enabledRole = ({ value, match: [name = ""] }: Item): Outcome =>
  value === true
    ? handled("it always runs")
    : unsupported(`the stack always has it (${rolesByChartName[name] ?? name})`);

export const roleReplicas = (item: Item): Outcome => {
  const key = counterOf(rolesByChartName[item.match[0] ?? ""] ?? "");
  const number = parseInteger(item.value);
  if (number === undefined) return unreadableValue(aWholeNumber);
  if (key) return taken([key], number);
  return number === 1 ? handled("there is one") : unsupported("the stack runs one instance of it");
};

/** Lists the flags of a worker, for which the chart has values. */
function workerFlags(args: readonly string[]): string[] {
  const { others, ...flags } = flagsOf(args);
  return [...Object.keys(flags).map((name) => `--${name}`), ...others];
}

/** Converts what a role's command does beside starting the role; templates are the chart's own words. */
export const commandLine = ({ path }: Item, values: ValueLookup): Outcome => {
  const at = path.findLastIndex((part) => part === "command" || part === "args");
  const words = (name: string) =>
    [values([...path.slice(0, at), name].join(".")) ?? []]
      .flat()
      .map((word) => String(word).replaceAll(/\{\{.*?\}\}/gs, ""));
  const isRole = Object.hasOwn(rolesByChartName, String(path[0])) && path[0] !== "createUserJob";
  if (!isRole) return startedByStack;
  const [command, args] = [words("command"), words("args")];
  const { targets, left: commands } = convertExtraCommands(command, args);
  const left = [...flagsLeft(command, args, workerFlags), ...commands];
  const todo = left.length > 0 ? left.join("; ") : undefined;
  if (targets.length > 0) return { kind: "taken", targets, todo };
  return todo === undefined ? startedByStack : unsupported(todo);
};
