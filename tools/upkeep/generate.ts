import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prefix } from "../../settings/read/unknownNames.ts";
import { declarations } from "../../settings/schema/declarations.ts";
import { shapeOf, stackShape } from "../../settings/schema/shape.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { declarationsSchema, stackFileSchema } from "../lib/generate/jsonSchema.ts";
import { grafanaFiles, monitoringTables } from "../lib/generate/monitoring.ts";
import { projectFile } from "../lib/generate/projectFile.ts";
import { between, keysTable, nestedTables } from "../lib/generate/tables.ts";
import { main, project } from "../lib/process.ts";

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Functions that generate files from their present text, by path. */
const files: Readonly<Record<string, (now: string) => string>> = {
  "Pulumi.yaml": projectFile,
  "docs/configuration.md": (now) =>
    between(now, `${keysTable(stackShape(), prefix)}\n\n${nestedTables(stackShape())}`),
  "docs/monitoring.md": (now) => between(now, monitoringTables()),
  ...Object.fromEntries(grafanaFiles.map(([file, make]) => [file, () => json(make())])),
  "stacks/schema.json": () => json(stackFileSchema(stackShape())),
  "stacks/declarations.schema.json": () => json(declarationsSchema(shapeOf(declarations))),
};

export const generatedFiles = Object.keys(files);

/** Generates a file from its present text. */
export function generated(file: string, now: string): string {
  const make = files[file];
  if (make === undefined)
    throw new Error(`${file} is not generated; expected one of ${generatedFiles.join(", ")}`);
  return make(now);
}

if (import.meta.main) {
  await main(async () => {
    commandLine("generate");
    for (const file of generatedFiles) {
      const path = join(project, file);
      const now = file.endsWith(".json") ? "" : readFileSync(path, "utf8");
      writeFileSync(path, generated(file, now));
    }
  });
}
