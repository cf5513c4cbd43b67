import { knownSettings } from "../../../settings/model/known.ts";
import { convertVariable } from "../../environment.ts";
import { empty, type Item, type Outcome, targetsOf, unset, withTodo } from "../../rule.ts";
import { checkExecutor, type ImportContext } from "../../settings.ts";
import { type ComposeContext, groupPaths, readingGroups, rolesOf } from "../context.ts";
import { variableOf } from "../lookup.ts";
import { convertPuckelVariable, puckelHome } from "../puckel.ts";
import { runningServices } from "../services.ts";
import { secretText } from "./secretFiles.ts";

export function composeImportContext(context: ComposeContext): ImportContext {
  return {
    isOwn: (host) => context.hosts.has(host),
    metadataUrl: context.metadataUrl,
    groups: (setting) => readingGroups(context, setting),
    version: context.version,
    secretFile: (path) => secretText(path, context),
  };
}

/** Checks the executor, if its variable has a value. */
function convertExecutor({ value, leaves: [leaf], unset: unsetVariables = [] }: Item): Outcome {
  const text = String(value ?? "");
  if (unsetVariables.length > 0) return unset;
  if (text === "") return empty;
  const className = /^(Celery|Local|Sequential)$/.test(text) ? `${text}Executor` : text;
  return checkExecutor(className, `${leaf?.file}:${leaf?.line}`);
}

/** True if a variable becomes something that all roles have, and a running service that reads it lacks the variable. */
function isOfSomeRoles(name: string, outcome: Outcome, { services, version }: ComposeContext): boolean {
  const [{ path }] = [...targetsOf(outcome), { path: [] }];
  const readers = knownSettings(version)?.readers.get(path.slice(1).join("."));
  const reading = runningServices(services).filter(({ roles }) =>
    roles.some((role) => !readers || readers.has(role)),
  );
  const isOfAll = path[0] === "settings" || path[0] === "proxy";
  return isOfAll && reading.some(({ tree }) => variableOf(tree, name) === undefined);
}

export function convertEnvironment(item: Item, context: ComposeContext): Outcome {
  const {
    match: [name = ""],
    value,
  } = item;
  const text = String(value ?? "");
  const isPuckels = context.home === puckelHome;
  if (name === "AIRFLOW__CORE__EXECUTOR" || (name === "EXECUTOR" && isPuckels)) return convertExecutor(item);
  const puckels = isPuckels ? convertPuckelVariable(name, text) : undefined;
  if (puckels) return puckels;
  const outcome = convertVariable({
    ...composeImportContext(context),
    name,
    value: text,
    roles: rolesOf(context),
  });
  if (isOfSomeRoles(name, outcome, context))
    return withTodo(outcome, "all roles get it, since a role has no settings of its own");
  const groups = new Set(context.services.flatMap(({ worker }) => (worker ? [worker.group] : [])));
  const isOfWorkers = targetsOf(outcome).some(({ path }) => path[0] === "roles" && path[1] === "worker");
  return isOfWorkers && groupPaths(context).length < groups.size
    ? withTodo(outcome, "all workers get it, since a group of them has no variables of its own")
    : outcome;
}
