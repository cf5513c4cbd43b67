import { convertExtraCommands, startedByStack } from "../../commands.ts";
import { type Item, type Outcome, targetsOf, unsupported } from "../../rule.ts";
import { convertAutoscale, convertConcurrency, type ImportContext } from "../../settings.ts";
import { at, plainAt } from "../../source.ts";
import { type ComposeContext, isAutoscaled } from "../context.ts";
import type { ComposeService } from "../services.ts";
import type { Flags } from "../worker.ts";
import { isCounted, oneInstance } from "./counts.ts";
import { composeImportContext } from "./environment.ts";

/** Takes over the flags of a worker's command. */
function takeFlags(
  { flags, group: { path, queues } }: NonNullable<ComposeService["worker"]>,
  context: ComposeContext,
): Outcome {
  const size = sizeOf(flags, { ...composeImportContext(context), groups: () => [path] }, context);
  const { others } = flags;
  const targets = [
    ...(path.length > 0 ? [{ path: [...path, "queues"], value: queues }] : []),
    ...(size ? targetsOf(size) : []),
  ];
  const note = others.length === 0 ? undefined : `without a counterpart: ${others.join(" ")}`;
  const todo = size?.kind === "unsupported" ? `its concurrency: ${size.why}` : undefined;
  if (targets.length > 0) return { kind: "taken", targets, note, todo };
  const why = todo ?? note;
  return why === undefined ? startedByStack : unsupported(why);
}

/** Converts the number of a worker's processes; with limits of autoscaling, Celery does not read the number. */
function sizeOf(
  { concurrency, autoscale }: Flags,
  context: ImportContext,
  { users }: ComposeContext,
): Outcome | undefined {
  if (autoscale !== undefined) return convertAutoscale(autoscale, context);
  const isRead = concurrency !== undefined && !users.some(({ tree }) => isAutoscaled(tree));
  return isRead ? convertConcurrency(concurrency, context) : undefined;
}

/** Names the roles of which the stack runs one instance, and the file several services. */
function surplus({ users, services }: ComposeContext): string[] {
  const single = users.flatMap(({ roles }) => roles).filter((role) => !isCounted(role));
  const surplus = single.filter((role) => services.filter(({ roles }) => roles.includes(role)).length > 1);
  return [...new Set(surplus)].map(oneInstance);
}

export const command = (_: Item, context: ComposeContext): Outcome => {
  const [user] = context.users;
  const worker = context.users.find((service) => service.worker)?.worker;
  const outcome = worker ? takeFlags(worker, context) : startedByStack;
  const extra = convertExtraCommands(
    user && plainAt(user.tree, ["entrypoint"]),
    user && plainAt(user.tree, ["command"]),
  );
  const targets = [...targetsOf(outcome), ...extra.targets];
  const own = outcome.kind === "unsupported" ? outcome.why : outcome.kind === "taken" && outcome.todo;
  const left = [...(own ? [own] : []), ...extra.left, ...surplus(context)];
  const todo = left.length > 0 ? left.join("; ") : undefined;
  if (targets.length === 0) return todo === undefined ? outcome : unsupported(todo);
  return { kind: "taken", targets, note: outcome.kind === "taken" ? outcome.note : undefined, todo };
};

/** Reads an entrypoint together with the command, whose item has the outcome if there is one. */
export const entrypoint = (item: Item, context: ComposeContext): Outcome =>
  context.users.some(({ tree }) => at(tree, ["command"])) ? startedByStack : command(item, context);
