import { type Page, writeFigures } from "../../figures.ts";
import type { Flaw } from "../check/evidence.ts";
import { type Kind, type KindName, kinds } from "../plan/kinds.ts";
import type { FaultResult, Result } from "./results.ts";

/** Flaws that each column of the table counts. */
const columns: Readonly<Record<string, readonly Flaw[]>> = {
  lost: ["unfinished", "failed", "unwritten", "unknown"],
  doubled: ["overlap", "twice"],
  charged: ["charged"],
  late: ["late", "slow"],
};

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function longest(faults: readonly FaultResult[]): string {
  const known = faults.flatMap(({ recovery }) => recovery ?? []);
  return known.length === 0 ? "" : `${Math.ceil(Math.max(...known))} s`;
}

function bySubject(results: readonly Result[]): string[] {
  const groups = [...Map.groupBy(results, ({ subject }) => subject)];
  const rows = groups.map(([subject, of]) => {
    const faults = of.flatMap((one) => one.faults);
    const counts = Object.values(columns).map((flaws) =>
      sum(of.map(({ findings }) => findings.filter(({ flaw }) => flaws.includes(flaw)).length)),
    );
    return row([
      subject,
      of.length,
      faults.length,
      sum(of.map(({ tasks }) => tasks)),
      ...counts,
      longest(faults),
    ]);
  });
  const head = ["", "schedules", "faults", "tasks", ...Object.keys(columns), "longest recovery"];
  return [row(head), row(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows];
}

function byKind(results: readonly Result[]): string[] {
  const faults = results.filter(({ subject }) => subject !== "compose").flatMap((one) => one.faults);
  const rows = (Object.entries(kinds) as [KindName, Kind][]).map(([name, { does }]) => {
    const of = faults.filter(({ kind }) => kind === name);
    const landed = of.filter(({ evidence }) => evidence !== undefined).length;
    return row([name, does, landed, sum(of.map(({ cost }) => cost)), longest(of)]);
  });
  return [
    row(["fault", "means", "times", "attempts ended, as allowed", "longest recovery"]),
    row(["---", "---", "--:", "--:", "--:"]),
    ...rows,
  ];
}

/** Renders results as two Markdown tables: by subject, and by kind of fault. */
export function tables(results: readonly Result[]): string {
  return [...bySubject(results), "", ...byKind(results)].join("\n");
}

export const page: Page = { page: "docs/reliability.md", command: "npm run drill" };

export function writeTables(results: readonly Result[]): void {
  writeFigures(page, tables(results));
}
