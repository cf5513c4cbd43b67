import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { isNode, isScalar, LineCounter, parse, parseDocument, YAMLMap } from "yaml";
import { examine } from "./settings/faults/examine.ts";
import { resolved, type Settings } from "./settings/groups.ts";

/** Tells `file:line` of a value, by the names and numbers that lead to it. */
type Where = (path: readonly PropertyKey[]) => string;

/** Finds values in a stack file; those that came from elsewhere are said to. */
function locator(file: string, prefix: string): Where {
  if (!existsSync(file)) return () => "given on the command line";
  const lines = new LineCounter();
  const config = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines }).get("config");
  return ([key = "", ...rest]) => {
    const items = config instanceof YAMLMap ? config.items : [];
    const pair = items.find(({ key: name }) => isScalar(name) && name.value === prefix + String(key));
    const inner =
      pair?.value instanceof YAMLMap || isNode(pair?.value) ? nodeAt(pair?.value, rest) : undefined;
    const offset = inner?.range?.[0] ?? (isScalar(pair?.key) ? pair.key.range?.[0] : undefined);
    return offset === undefined ? file : `${file}:${lines.linePos(offset).line}`;
  };
}

function nodeAt(node: unknown, path: readonly PropertyKey[]) {
  const found = isNode(node) && "getIn" in node ? (node as YAMLMap).getIn(path, true) : undefined;
  return isNode(found) ? found : undefined;
}

/** `workerGroups[0].queues`. */
function spell(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : `${at > 0 ? "." : ""}${String(part)}`))
    .join("");
}

/** What was given, unless nobody should read it in a log. */
function shown(given: unknown, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part],
    given,
  );
  if (value === undefined) return "not given";
  return path[0] === "settings" || typeof value === "object" ? "{…}" : String(value);
}

/** A number, a boolean, a list or an object is what it looks like; all else is text. */
function plain(given: string): unknown {
  if (!/^([[{].*|-?\d{1,15}(\.\d+)?|true|false)$/s.test(given)) return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

/**
 * Checks raw values, all at once.
 * @param raw values by key without the project's prefix, as Pulumi hands them over
 * @throws pulumi.RunError listing every fault: where, key, what was given, what is allowed
 */
export function settingsFrom(raw: Readonly<Record<string, string>>, where: Where): Settings {
  const given = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, plain(value)]));
  const { stated, faults } = examine(given);
  if (stated && faults.length === 0) return resolved(stated);
  const lines = faults.map(({ path, message, given: told = shown(given, path) }) => {
    const rest = message.startsWith("is unknown") ? message : `is ${told}; ${message}`;
    return `${where(path)}: ${spell(path)} ${rest}`;
  });
  throw new pulumi.RunError(
    `The stack's configuration has ${lines.length} fault(s):\n  ${lines.join("\n  ")}`,
  );
}

/** Reads the configuration of the running stack. */
export function readSettings(): Settings {
  const prefix = `${pulumi.getProject()}:`;
  const given = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  return settingsFrom(Object.fromEntries(given), locator(`stacks/Pulumi.${pulumi.getStack()}.yaml`, prefix));
}

/** Reads a stack file as Pulumi would, for tools that work without it. */
export function readStackFile(file: string, prefix = "airflow:"): Settings {
  const { config } = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
  const given = Object.entries(config ?? {})
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [
      key.slice(prefix.length),
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
  return settingsFrom(Object.fromEntries(given), locator(file, prefix));
}
