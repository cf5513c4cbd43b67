import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Folder } from "../importer/compose/context.ts";
import { shellVariables } from "../importer/compose/read/shell.ts";
import { planOf, type TextFile } from "../importer/input.ts";
import { importReport } from "../importer/report.ts";
import { projectPath, save } from "../importer/save.ts";
import { readStackFile } from "../settings/read/read.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { userPath } from "./lib/commandLine/userPath.ts";
import { main, project } from "./lib/process.ts";
import { stackFile } from "./lib/stack.ts";

/** Resolves paths relative to the compose file. */
function lookFrom(folder: string) {
  return (path: string): Folder => {
    const absolute = resolve(folder, path.replace(/^~(?=\/|$)/, homedir()));
    const kind = !existsSync(absolute) ? "nothing" : statSync(absolute).isDirectory() ? "directory" : "file";
    return { kind, absolute, spelt: projectPath(absolute) };
  };
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Reads files by their paths relative to the compose file. */
function readFrom(folder: string) {
  return (path: string): string | undefined => {
    const absolute = resolve(folder, path);
    return isFile(absolute) ? readFileSync(absolute, "utf8") : undefined;
  };
}

function listFrom(folder: string) {
  return (path: string): string[] => readdirSync(resolve(folder, path)).sort();
}

function readInput(given: string, flag = ""): TextFile {
  const path = userPath(given);
  if (!isFile(path)) {
    const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory();
    const problem = isDirectory ? "is a directory" : "does not exist";
    throw new Error(`${flag}${given} ${problem}; expected a compose file, or values of the Helm chart.`);
  }
  return { file: given, text: readFileSync(path, "utf8") };
}

/** Reads the `.env` beside the file, as docker compose does, unless another one is named. */
function readEnvFile(given: string | undefined, input: string): TextFile | undefined {
  if (given !== undefined) return readInput(given, "--env ");
  const beside = join(dirname(input), ".env");
  return existsSync(userPath(beside)) ? readInput(beside) : undefined;
}

/** Reads the override file beside a compose file, as docker compose does for one with its usual name. */
function overrideOf(input: string): TextFile[] {
  const [, name, extension] = /^((?:docker-)?compose)\.(ya?ml)$/.exec(basename(input)) ?? [];
  if (name === undefined) return [];
  const names = [...new Set([extension, "yml", "yaml"])].map((one) =>
    join(dirname(input), `${name}.override.${one}`),
  );
  const found = names.find((path) => isFile(userPath(path)));
  return found === undefined ? [] : [readInput(found)];
}

/** Lists the faults of an imported stack file, one line each. */
function faultsIn(file: string): string[] {
  try {
    readStackFile(file);
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const lines = error.message.split("\n").slice(1);
    return lines.map((line) => line.trim().replace(`${project}/`, ""));
  }
}

await main(async () => {
  const { flags, words } = commandLine("import");
  const [from = "", ...others] = words;
  const { stack = "imported", all = false } = flags;
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack)) {
    throw new Error(`--stack is ${stack}; expected letters, digits, '_', '.' and '-'.`);
  }
  const folder = dirname(userPath(from));
  const plan = planOf({
    ...readInput(from),
    overrides: others.length > 0 ? others.map((other) => readInput(other)) : overrideOf(from),
    env: readEnvFile(flags.env, from),
    shell: shellVariables(process.env, folder),
    look: lookFrom(folder),
    read: readFrom(folder),
    list: listFrom(folder),
  });
  const file = stackFile(stack);
  const files = save({ plan, stack, from, folder: dirname(file) });
  print(`Wrote ${files.map(projectPath).join(" and ")}.`);
  print(importReport(plan, stack, faultsIn(file), all));
});
