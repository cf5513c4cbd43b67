import type { Plan, Row } from "./plan.ts";
import { type Leaf, type Path, spell } from "./source.ts";
import { storing } from "./write.ts";

function common(one: Path, other: Path): Path {
  const end = one.findIndex((part, at) => part !== other[at]);
  return end < 0 ? one : one.slice(0, end);
}

/** First line of some leaves, and their common path: `compose.yaml:12 services.worker.healthcheck`. */
function place(leaves: readonly Leaf[]): string {
  const [first, ...others] = leaves;
  if (!first) return "";
  const path = others.reduce((shared, { path }) => common(shared, path), first.path);
  // A merged part shares no path with the map that it is merged into.
  if (path.length === 0) return [place([first]), place(others)].join(", ");
  return `${first.file}:${first.line} ${spell(path)}`;
}

function labelled({ leaves, name }: Row): string {
  return `${place(leaves)}${name === undefined ? "" : ` (${name})`}`;
}

function takenLine(row: Row): string {
  const { targets, note } = row;
  return `  ${labelled(row)} -> ${targets.join(", ")}${note === undefined ? "" : ` (${note})`}`;
}

/** Groups rows by reason, in the order of the input. */
function byReason(rows: readonly Row[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const row of rows) {
    const { note = "" } = row;
    reasons.set(note, [...(reasons.get(note) ?? []), labelled(row)]);
  }
  return [...reasons].flatMap(([reason, places]) => [`  ${reason}:`, ...places.map((one) => `    ${one}`)]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

/**
 * Reports on each value of the input: taken over, taken care of, or without a counterpart. Never prints a value.
 * @param missing what the stack file still needs
 */
export function report(plan: Plan, stack: string, missing: readonly string[]): string {
  return [
    ...section(`Taken over (${plan.taken.length}):`, plan.taken.map(takenLine)),
    ...section(`Taken care of by the stack (${plan.cared.length}):`, byReason(plan.cared)),
    ...section(`No counterpart (${plan.none.length}):`, byReason(plan.none)),
    ...section(
      "Secrets, which are never written in plain: store them before the first deployment.",
      plan.secrets.map((key) => `  ${storing(key, stack)}`),
    ),
    ...section(
      "The stack file still has to be given, or changed:",
      missing.map((line) => `  ${line}`),
    ),
  ].join("\n");
}
