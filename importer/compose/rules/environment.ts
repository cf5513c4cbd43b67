import { convertVariable, withShared } from "../../environment.ts";
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
  const converted = convertVariable({
    ...composeImportContext(context),
    name,
    value: text,
    roles: rolesOf(context),
  });
  const outcome = withShared(converted, context.version, (readers) =>
    runningServices(context.services)
      .filter(({ roles }) => roles.some((role) => !readers || readers.has(role)))
      .every(({ tree }) => variableOf(tree, name) !== undefined),
  );
  const groups = new Set(context.services.flatMap(({ worker }) => (worker ? [worker.group] : [])));
  const isOfWorkers = targetsOf(outcome).some(({ path }) => path[0] === "roles" && path[1] === "worker");
  return isOfWorkers && groupPaths(context).length < groups.size
    ? withTodo(outcome, "all workers get it, since a group of them has no variables of its own")
    : outcome;
}
