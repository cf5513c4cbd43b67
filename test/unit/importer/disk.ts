import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { planOf } from "../../../importer/input.ts";
import type { Plan, ReportLine } from "../../../importer/plan.ts";
import { importReport } from "../../../importer/report.ts";
import { renderStackFile } from "../../../importer/write.ts";
import { spell } from "../../../settings/schema/path.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/** Texts by their paths beside the imported file. */
export type Files = Readonly<Record<string, string>>;

export interface Options {
  readonly main?: string;
  readonly overrides?: readonly string[];
  readonly shell?: Readonly<Record<string, string>>;
}

export interface Imported {
  readonly plan: Plan;
  readonly config: Readonly<Record<string, unknown>>;
  readonly stack: string;
  /** Report with all lists. */
  readonly report: string;
  /** Returns the keys of the stack that a value becomes, or the reason why there are none. */
  at(file: string, place: string): string;
}

function rowsOf({ taken, handled, unsupported }: Plan): readonly ReportLine[] {
  return [...taken, ...handled, ...unsupported];
}

const root = temporaryFolder("import");

/** Imports a file beside others; their folder is `.` in the result. */
export function imported(
  files: Files,
  { main = "compose.yaml", overrides = [], shell = {} }: Options = {},
): Imported {
  const folder = mkdtempSync(join(root, "files-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const look = (path: string) => {
    const absolute = join(folder, path);
    const kind = !existsSync(absolute) ? "nothing" : statSync(absolute).isDirectory() ? "directory" : "file";
    return { kind, absolute, spelt: absolute } as const;
  };
  const read = (path: string) =>
    look(path).kind === "file" ? readFileSync(join(folder, path), "utf8") : undefined;
  const list = (path: string) => readdirSync(join(folder, path)).sort();
  const textOf = (file: string) => ({ file, text: files[file] ?? "" });
  const plan = planOf({
    ...textOf(main),
    overrides: overrides.map(textOf),
    env: files[".env"] === undefined ? undefined : textOf(".env"),
    shell: new Map(Object.entries(shell)),
    look,
    read,
    list,
  });
  return {
    plan,
    config: JSON.parse(JSON.stringify(plan.config).replaceAll(folder, ".")),
    stack: renderStackFile({ plan, from: main, stack: "x" }),
    report: importReport(plan, "x", [], true),
    at(file, place) {
      const row = rowsOf(plan).find(({ leaves }) =>
        leaves.some((leaf) => leaf.file === file && spell(leaf.path) === place),
      );
      return row === undefined ? "nothing" : row.targets.join(", ") || (row.note ?? "");
    },
  };
}

/** Returns a compose file of a scheduler and a worker, with more lines in their shared part and among the services. */
export function composeOf(shared = "", services = ""): string {
  const indented = (text: string, width: number) =>
    text
      .split("\n")
      .map((line) => (line === "" ? "" : `${" ".repeat(width)}${line}\n`))
      .join("");
  return [
    "x-airflow: &airflow\n  image: apache/airflow:3.3.2\n",
    indented(shared, 2),
    "services:\n",
    "  scheduler: { <<: *airflow, command: scheduler }\n",
    "  worker: { <<: *airflow, command: celery worker }\n",
    indented(services, 2),
  ].join("");
}
