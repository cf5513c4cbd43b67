import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Input, planOf } from "../../../../importer/input.ts";
import type { Plan } from "../../../../importer/plan.ts";
import { importReport } from "../../../../importer/report.ts";
import { renderStackFile } from "../../../../importer/write.ts";
import { project } from "../../../../tools/lib/process.ts";

/** Inputs in the shapes of the official files, for Airflow 3 and 2. */
export const names = ["compose", "compose2", "values", "values2"] as const;
export type Name = (typeof names)[number];

const here = import.meta.dirname;

/** Paths that the compose files refer to; paths that a stack uses are in the project. */
const folders: Readonly<Record<string, ReturnType<Input["look"]>>> = {
  "./dags": { kind: "directory", absolute: join(project, "dags"), spelt: "dags" },
  "./plugins": { kind: "directory", absolute: join(project, "dags"), spelt: "dags" },
  "./conf/app.ini": { kind: "file", absolute: join(project, "biome.json"), spelt: "biome.json" },
};

export function look(path: string): ReturnType<Input["look"]> {
  return folders[path] ?? { kind: "nothing", absolute: path, spelt: path };
}

export function textOf(name: string): string {
  return readFileSync(join(here, name), "utf8");
}

export function inputOf(name: Name): Input {
  const env = existsSync(join(here, `${name}.env`)) && { file: ".env", text: textOf(`${name}.env`) };
  return { file: `${name}.yaml`, text: textOf(`${name}.yaml`), look, ...(env && { env }) };
}

export interface ImportResult {
  readonly plan: Plan;
  readonly stack: string;
  readonly report: string;
  /** Report without the lists of all values. */
  readonly short: string;
}

export function importOf(name: Name): ImportResult {
  const plan = planOf(inputOf(name));
  const requirements = plan.requirements === undefined ? undefined : `stacks/requirements.${name}.txt`;
  const stack = renderStackFile({ plan, from: `${name}.yaml`, stack: name, requirements });
  const [whole, short] = [true, false].map((isWhole) => `${importReport(plan, name, [], isWhole)}\n`);
  return { plan, stack, report: whole ?? "", short: short ?? "" };
}
