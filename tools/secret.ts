import { realpathSync, statSync } from "node:fs";
import { relative } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { isScalar, parseDocument } from "yaml";
import { writeWhole } from "../platforms/wholeFile.ts";
import { shownText } from "../settings/model/urls/mask.ts";
import { parseStackFile } from "../settings/read/stackFile.ts";
import { prefix } from "../settings/read/unknownNames.ts";
import { validate } from "../settings/read/validate.ts";
import { Refused } from "../settings/read/yaml/refused.ts";
import { readText } from "../settings/read/yaml/text.ts";
import { hint, nearest } from "../settings/rules/nearest.ts";
import { type Path, pathOf, samePath, spell } from "../settings/schema/path.ts";
import { isSecretAt, secretPaths, stackShape } from "../settings/schema/shape.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print, prompt } from "./lib/commandLine/terminal.ts";
import { main, project } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";

/** Parses the path of a secret; throws an Error if the key takes no secret. */
function secretPath(key: string): Path {
  // The secret itself may stand there by mistake.
  const masked = ({ message }: Error) => new Error(message.replace(key, () => shownText(key)));
  let path: Path;
  try {
    path = pathOf(key.startsWith(prefix) ? key.slice(prefix.length) : key);
  } catch (error) {
    throw masked(error as Error);
  }
  if (isSecretAt(stackShape(), path)) return path;
  const places = secretPaths(stackShape()).map((place) => spell(place));
  const meant = hint(nearest(key, places));
  throw new Error(`${shownText(key)} takes no secret; ${meant}expected one of ${places.join(", ")}.`);
}

/** Returns a copy of values with another value at a path; makes missing parents. */
function replaced(values: unknown, [part, ...rest]: Path, value: unknown): unknown {
  if (part === undefined) return value;
  const holder = typeof values === "object" && values !== null ? values : {};
  return { ...holder, [part]: replaced(Reflect.get(holder, part), rest, value) };
}

/** Restores the old lines of a rewritten text where only white space differs. */
function withLinesOf(before: string, after: string): string {
  const withoutSpace = (line: string) => line.replace(/\s/g, "");
  const left = before.split("\n");
  const lines = after.split("\n").flatMap((line) => {
    const at = left.findIndex((old) => withoutSpace(old) === withoutSpace(line));
    if (line === "" && at !== 0) return [];
    return at < 0 ? [line] : left.splice(0, at + 1).slice(-1);
  });
  const merged = `${lines.join("\n").trimEnd()}\n`;
  return isDeepStrictEqual(parseDocument(merged).toJS(), parseDocument(after).toJS()) ? merged : after;
}

/** Puts an encrypted value into the text of a stack file, and keeps its comments. */
function withSecret(
  text: string,
  path: Path,
  secure: string,
  beside: Readonly<Record<string, string>>,
): string {
  const document = parseDocument(text);
  const [key = "", ...rest] = path;
  const full = ["config", `${prefix}${String(key)}`, ...rest];
  // A scalar, empty or not, cannot hold keys.
  full.slice(0, -1).forEach((_, at) => {
    const holder = full.slice(0, at + 1);
    const node = document.getIn(holder, true);
    if (!isScalar(node)) return;
    const { comment, commentBefore } = node;
    document.setIn(holder, Object.assign(document.createNode({}), { comment, commentBefore }));
  });
  document.setIn(full, document.createNode({ secure }));
  for (const [name, value] of Object.entries(beside)) document.set(name, value);
  return withLinesOf(text, document.toString({ lineWidth: 0 }));
}

/**
 * Writes a secret, encrypted, into a stack's file.
 * @param key path of the secret: `secrets.fernetKey`
 * @throws Error if the key takes no secret, or not this value
 */
export async function writeSecret(stack: Stack, key: string, value: string): Promise<void> {
  const path = secretPath(key);
  if (value === "") throw new Error(`${key} is empty; expected a text.`);
  stack.requireFile();
  const text = readText(stack.file);
  const { values, repeated } = parseStackFile(text, stack.file);
  if (repeated.length > 0) throw new Refused(repeated);
  const given = replaced(values, path, value) as Record<string, unknown>;
  const fault = validate(given).faults.find((one) => samePath(one.path, path));
  if (fault) throw new Error(`${spell(path)} is [secret]; ${fault.message}`);
  const { secure, beside } = await stack.encrypt(value);
  const file = realpathSync(stack.file);
  writeWhole(file, withSecret(text, path, secure, beside), statSync(file).mode);
}

/** Reads a line from the terminal without echo, or all piped input without its last line break. */
async function readValue(key: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const chunks = await process.stdin.toArray();
    return Buffer.concat(chunks)
      .toString("utf8")
      .replace(/\r?\n$/, "");
  }
  prompt(`${key} (your input is not shown): `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.on("SIGINT", () => process.exit(130));
  const value = await terminal.question("");
  terminal.close();
  prompt("\n");
  return value;
}

if (import.meta.main) {
  await main(async () => {
    const { flags, words } = commandLine("secret");
    const [key = ""] = words;
    secretPath(key);
    const stack = new Stack(flags.stack);
    stack.requireFile();
    await writeSecret(stack, key, await readValue(key));
    print(`${relative(project, stack.file)} has ${key}, encrypted for stack ${stack.name}.`);
  });
}
