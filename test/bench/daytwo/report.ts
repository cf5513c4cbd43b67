import { sizeOf } from "../../../tools/lib/backup/report.ts";
import type { ProvenBackup } from "../../../tools/lib/backup/store.ts";
import type { Page } from "../../figures.ts";
import type { Cleaned, Looks, Step } from "./steps.ts";

export const page: Page = { page: "docs/backup.md", command: "npm run bench:daytwo" };

export interface Results {
  readonly steps: readonly Step[];
  readonly made: ProvenBackup;
  readonly cleaned: Cleaned;
  /** Looks at the stack with the empty database, and with the full one. */
  readonly looks: readonly [empty: Looks, full: Looks];
  /** What the rehearsal told about the migration. */
  readonly told: string;
}

const head = ["", "seconds", "MiB", "runs that succeeded", "median", "longest", "without an end"];

function cellsOf({ name, seconds, memory, felt }: Step): string[] {
  return [
    name,
    seconds.toFixed(0),
    memory?.toFixed(0) ?? "",
    `${felt.succeeded} of ${felt.runs}`,
    felt.median.toFixed(1),
    felt.longest.toFixed(1),
    felt.gap.toFixed(1),
  ];
}

/** Renders all figures as a table of a page, and a list. */
export function figuresOf({ steps, made, cleaned, looks: [empty, full], told }: Results): string {
  const rule = head.map((_, at) => (at === 0 ? "---" : "--:"));
  const table = [head, rule, ...steps.map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const { longest, waited, givenUp } = cleaned.locks;
  const wait =
    waited === 0 ? "nothing waited longer than 50 ms" : `the longest wait was ${waited.toFixed(2)} s`;
  return `${table}

- Backup: ${made.rows} rows in an archive of ${sizeOf(made.bytes)}; dump and encryption took ${made.seconds.toFixed(0)} s, the proof ${made.proof.toFixed(0)} s.
- Cleaning: removed ${cleaned.rows} rows, at most ${longest.toFixed(2)} s in one transaction; for its locks, ${wait}, and ${givenUp} of its statements gave up.
- Rehearsal: ${told}.
- \`npm run status\` took ${full.status.toFixed(1)} s, ${empty.status.toFixed(1)} s with an empty database; \`npm run backup -- --list\` ${full.list.toFixed(1)} and ${empty.list.toFixed(1)} s.`;
}
