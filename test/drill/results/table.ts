import { type Page, writeFigures } from "../../figures.ts";
import { type Kind, type KindName, kinds } from "../plan/kinds.ts";
import { flawCounts, type Tally } from "./tally.ts";

const flaws = Object.keys(flawCounts) as (keyof typeof flawCounts)[];

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

function secondsOf(longest: number): string {
  return longest === 0 ? "" : `${Math.ceil(longest)} s`;
}

function bySubject({ subjects }: Tally): string[] {
  const rows = Object.entries(subjects).map(([subject, of]) => {
    const counts = flaws.map((name) => of[name]);
    return row([subject, of.seeds.length, of.faults, of.tasks, ...counts, secondsOf(of.longest)]);
  });
  const head = ["", "schedules", "faults", "tasks", ...flaws, "longest recovery"];
  return [row(head), row(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows];
}

function byKind(tally: Tally): string[] {
  const rows = (Object.entries(kinds) as [KindName, Kind][]).map(([name, { does }]) => {
    const { times, cost, longest } = tally.kinds[name] ?? { times: 0, cost: 0, longest: 0 };
    return row([name, does, times, cost, secondsOf(longest)]);
  });
  return [
    row(["fault", "means", "times", "attempts ended, as allowed", "longest recovery"]),
    row(["---", "---", "--:", "--:", "--:"]),
    ...rows,
  ];
}

/** Renders tallies as two Markdown tables: by subject, and by kind of fault. */
export function tables(tally: Tally): string {
  return [...bySubject(tally), "", ...byKind(tally)].join("\n");
}

export const page: Page = { page: "docs/reliability.md", command: "npm run drill" };

export function writeTables(tally: Tally): void {
  writeFigures(page, tables(tally));
}
