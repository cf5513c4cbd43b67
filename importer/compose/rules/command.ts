import { convertExtraCommands, flagsLeft, startedByStack } from "../../commands.ts";
import { type Item, type Outcome, targetsOf, unset, unsupported } from "../../rule.ts";
import { convertAutoscale, convertConcurrency, type ImportContext } from "../../settings.ts";
import { at, plainAt, type Tree } from "../../source.ts";
import { type ComposeContext, isAutoscaled } from "../context.ts";
import { type ComposeService, runningServices } from "../services.ts";
import { flagsOf } from "../worker.ts";
import { isCounted, oneInstance } from "./counts.ts";
import { composeImportContext } from "./environment.ts";

interface WorkerService {
  readonly worker: NonNullable<ComposeService["worker"]>;
  readonly tree: Tree;
}

/** Takes over the flags of a command that workers share; with limits of autoscaling, Celery does not read the number of processes. */
function takeFlags(workers: readonly WorkerService[], context: ComposeContext): Outcome {
  const { concurrency, autoscale } = workers[0]?.worker.flags ?? {};
  const groupsOf = (services: readonly WorkerService[]) => [
    ...new Set(services.map(({ worker }) => worker.group)),
  ];
  const isRead = ({ tree }: WorkerService) => autoscale !== undefined || !isAutoscaled(tree);
  const paths = groupsOf(workers.filter(isRead)).map(({ path }) => path);
  const own: ImportContext = { ...composeImportContext(context), groups: () => paths };
  const size =
    autoscale !== undefined
      ? convertAutoscale(autoscale, own)
      : concurrency !== undefined && paths.length > 0
        ? convertConcurrency(concurrency, own)
        : startedByStack;
  const queues = groupsOf(workers)
    .filter(({ path }) => path.length > 0)
    .map((group) => ({ path: [...group.path, "queues"], value: group.queues }));
  const targets = [...queues, ...targetsOf(size)];
  const todo = size.kind === "unsupported" ? `its concurrency: ${size.why}` : undefined;
  if (targets.length > 0) return { kind: "taken", targets, todo };
  return todo === undefined ? startedByStack : unsupported(todo);
}

/** Names the roles of which the stack runs one instance, and the file several services. */
function surplus({ users, services }: ComposeContext): string[] {
  const single = users.flatMap(({ roles }) => roles).filter((role) => !isCounted(role));
  const surplus = single.filter((role) => services.filter(({ roles }) => roles.includes(role)).length > 1);
  return [...new Set(surplus)].map(oneInstance);
}

/** Says that services start more workers than one, of which the importer reads the first. */
function moreWorkers({ users }: ComposeContext): string[] {
  const isOne = users.every(({ started }) => started.filter(({ role }) => role === "worker").length <= 1);
  return isOne
    ? []
    : ["it starts several workers, and the first is taken over: give the others as workerGroups"];
}

export const command = ({ unset: missing = [] }: Item, context: ComposeContext): Outcome => {
  if (missing.length > 0 && runningServices(context.users).length > 0) return unset;
  const [user] = context.users;
  const workers = context.users.flatMap(({ worker, tree }) => (worker ? [{ worker, tree }] : []));
  const outcome = takeFlags(workers, context);
  const [first, last] = ["entrypoint", "command"].map((key) => user && plainAt(user.tree, [key]));
  const extra = convertExtraCommands(first, last);
  const flags = flagsLeft(first, last, (args) => flagsOf(args).others);
  const targets = [...targetsOf(outcome), ...extra.targets];
  const own = outcome.kind === "unsupported" ? outcome.why : outcome.kind === "taken" && outcome.todo;
  const left = [...(own ? [own] : []), ...flags, ...extra.left, ...surplus(context), ...moreWorkers(context)];
  const todo = left.length > 0 ? left.join("; ") : undefined;
  if (targets.length === 0) return todo === undefined ? outcome : unsupported(todo);
  return { kind: "taken", targets, todo };
};

/** Reads an entrypoint together with the command, whose item has the outcome if there is one. */
export const entrypoint = (item: Item, context: ComposeContext): Outcome =>
  context.users.some(({ tree }) => at(tree, ["command"])) && !item.unset?.length
    ? startedByStack
    : command(item, context);
