import { sizeOf } from "../../../tools/lib/backup/report.ts";
import type { ProvenBackup } from "../../../tools/lib/backup/store.ts";
import type { Page } from "../../figures.ts";
import type { Cleaned, Looks, Step } from "./steps.ts";

const command = "npm run bench:daytwo";

export const pages = {
  data: { page: "docs/backup.md", command },
  upgrade: { page: "docs/upgrade.md", command },
} as const satisfies Readonly<Record<string, Page>>;

/** Figures of backup, restore and cleaning. */
export interface DataFigures {
  readonly steps: readonly Step[];
  readonly made: ProvenBackup;
  readonly cleaned: Cleaned;
  /** Looks at the stack with the empty database, and with the full one. */
  readonly looks: readonly [empty: Looks, full: Looks];
}

/** Figures of the rehearsal of an upgrade. */
export interface UpgradeFigures {
  readonly steps: readonly Step[];
  /** What the command told about the migration. */
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

/** Renders steps as a table of a page. */
function table(steps: readonly Step[]): string {
  const rule = head.map((_, at) => (at === 0 ? "---" : "--:"));
  return [head, rule, ...steps.map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function dataText({ steps, made, cleaned, looks: [empty, full] }: DataFigures): string {
  const { longest, waited, givenUp } = cleaned.locks;
  const wait =
    waited === 0 ? "nothing waited longer than 50 ms" : `the longest wait was ${waited.toFixed(2)} s`;
  return `${table(steps)}

- Backup: ${made.rows} rows in an archive of ${sizeOf(made.bytes)}; dump and encryption took ${made.seconds.toFixed(0)} s, the proof ${made.proof.toFixed(0)} s.
- Cleaning: removed ${cleaned.rows} rows, at most ${longest.toFixed(2)} s in one transaction; for a lock, ${wait}, and ${givenUp} statements of the cleaning gave up.
- \`npm run status\` took ${full.status.toFixed(1)} s, ${empty.status.toFixed(1)} s with an empty database; \`npm run backup -- --list\` ${full.list.toFixed(1)} and ${empty.list.toFixed(1)} s.`;
}

export function upgradeText({ steps, told }: UpgradeFigures): string {
  return `${table(steps)}\n\nThe rehearsal says: ${told}.`;
}
