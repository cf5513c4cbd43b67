import type { Cost } from "./usage.ts";

/** Cost of a job, by part. */
export type Costs = readonly (readonly [part: string, cost: Cost])[];

function cell({ seconds, cpu }: Cost): string {
  return `${Math.round(seconds)} s / ${Math.round(cpu)}`;
}

/** Renders a table of jobs, longest first, with seconds and CPU seconds of each job and its steps. */
export function table(jobs: ReadonlyMap<string, Costs>): string {
  const rows = [...jobs].toSorted(
    ([, one], [, other]) => (other[0]?.[1].seconds ?? 0) - (one[0]?.[1].seconds ?? 0),
  );
  const parts = rows[0]?.[1].map(([part]) => part) ?? [];
  const lines = [
    ["seconds / CPU seconds", ...parts],
    ...rows.map(([name, costs]) => [name, ...costs.map(([, cost]) => cell(cost))]),
  ];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const padded = lines.map((line) =>
    line.map((text, column) =>
      column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
    ),
  );
  return padded.map((line) => line.join("  ")).join("\n");
}

/** Extracts the reporter's list of failures from a job's output; returns all output if the list is missing. */
export function failuresIn(output: string): string {
  const at = output.lastIndexOf("✖ failing tests:");
  return at < 0 ? output : output.slice(at);
}
