import { spell } from "../settings/schema/path.ts";
import type { Plan, ReportLine } from "./plan.ts";
import type { Leaf, SourcePath } from "./source.ts";
import { storeCommand } from "./write.ts";

/** Maximum number of commands for secrets in the short report; the stack file has all of them. */
const mostCommands = 12;

function commonPath(one: SourcePath, other: SourcePath): SourcePath {
  const end = one.findIndex((part, at) => part !== other[at]);
  return end < 0 ? one : one.slice(0, end);
}

/** Renders the first line of leaves, and their common path: `compose.yaml:12 services.worker.healthcheck`. */
function placeOf(leaves: readonly Leaf[]): string {
  const [first, ...others] = leaves;
  if (!first) return "";
  const path = others.reduce((shared, { path }) => commonPath(shared, path), first.path);
  // A merged part shares no path with the map that it is merged into.
  if (path.length === 0) return [placeOf([first]), placeOf(others)].join(", ");
  return `${first.file}:${first.line} ${spell(path)}`;
}

function describeRow({ leaves, name }: ReportLine): string {
  return `${placeOf(leaves)}${name === undefined ? "" : ` (${name})`}`;
}

function takenLine(row: ReportLine): string {
  const { targets, note, todo } = row;
  const notes = [note, todo].filter((text) => text !== undefined).join("; ");
  return `  ${describeRow(row)} -> ${targets.join(", ")}${notes === "" ? "" : ` (${notes})`}`;
}

/** Groups rows by reason, in the order of the input. */
function groupByReason(
  rows: readonly ReportLine[],
  reason: (row: ReportLine) => string | undefined,
): Map<string, ReportLine[]> {
  const reasons = new Map<string, ReportLine[]>();
  for (const row of rows) {
    const text = reason(row);
    if (text !== undefined) reasons.set(text, [...(reasons.get(text) ?? []), row]);
  }
  return reasons;
}

function listByReason(rows: readonly ReportLine[]): string[] {
  return [...groupByReason(rows, ({ note = "" }) => note)].flatMap(([reason, own]) => [
    `  ${reason}:`,
    ...own.map((row) => `    ${describeRow(row)}`),
  ]);
}

/** Renders a line for each reason, with the number of values and the first of them. */
function countByReason(
  rows: readonly ReportLine[],
  reason: (row: ReportLine) => string | undefined,
): string[] {
  return [...groupByReason(rows, reason)].map(([text, own]) => {
    const [first] = own;
    const more = own.length > 1 ? `, and ${own.length - 1} more` : "";
    return `  ${own.length} × ${text}: ${first ? describeRow(first) : ""}${more}`;
  });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

/** Lists the commands that store the secrets; in the short report only the first ones. */
function storeCommands({ secrets }: Plan, stack: string, isWhole: boolean): string[] {
  const shown = isWhole ? secrets : secrets.slice(0, mostCommands);
  const more = secrets.length - shown.length;
  const last = more > 0 ? [`  and ${more} more: the stack file begins with all of these commands`] : [];
  return [...shown.map((key) => `  ${storeCommand(key, stack)}`), ...last];
}

function listOutcomes(plan: Plan): string[] {
  return [
    ...section(`Taken over (${plan.taken.length}):`, plan.taken.map(takenLine)),
    ...section(`Taken care of by the stack (${plan.handled.length}):`, listByReason(plan.handled)),
    ...section(`No counterpart (${plan.unsupported.length}):`, listByReason(plan.unsupported)),
  ];
}

/** Renders the next step: first edits of the stack file, then secrets, then the deployment. */
function nextStep({ secrets }: Plan, stack: string, isMissing: boolean): string {
  const [first] = secrets;
  if (isMissing) return `Next: edit stacks/Pulumi.${stack}.yaml, then npm run up -- --stack ${stack}`;
  return `Next: ${first === undefined ? `npm run up -- --stack ${stack}` : storeCommand(first, stack)}`;
}

/**
 * Renders what is left to do, the outcomes of the input's values, and the next step. Never contains a value.
 * @param missing faults of the stack file
 * @param isWhole lists every value, instead of counting them
 */
export function importReport(plan: Plan, stack: string, faults: readonly string[], isWhole = false): string {
  const { taken, handled, unsupported } = plan;
  const counts =
    `${taken.length} taken over, ${handled.length} taken care of by the stack, ${unsupported.length} without a counterpart. ` +
    "Each of them, with its line: --all";
  const toDo = [
    ...section(
      "Secrets, which are never written in plain: store them before the first deployment.",
      storeCommands(plan, stack, isWhole),
    ),
    ...section(
      "The stack file still has to be given, or changed:",
      faults.map((line) => `  ${line}`),
    ),
    ...section(
      "Taken over, but something is left to do:",
      countByReason(taken, ({ todo }) => todo),
    ),
    ...section(
      "Not taken over:",
      countByReason(unsupported, ({ note }) => note),
    ),
  ];
  return [
    ...(toDo.length > 0 ? ["", "Left to do", ...toDo] : ["", "Nothing is left to do."]),
    ...(isWhole ? listOutcomes(plan) : ["", counts]),
    "",
    nextStep(plan, stack, faults.length > 0),
  ].join("\n");
}
