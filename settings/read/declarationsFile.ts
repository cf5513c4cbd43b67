import { statSync } from "node:fs";
import { basename } from "node:path";
import { shownText } from "../model/urls/mask.ts";
import type { Fault } from "../rules/fault.ts";
import { unknownWord } from "../rules/nearest.ts";
import { secretFaults } from "../rules/secrets/secrets.ts";
import { declarationKeys } from "../schema/declarations.ts";
import { fromProject } from "../schema/files/base.ts";
import type { Path, Where } from "../schema/path.ts";
import { secretForms } from "../schema/secret.ts";
import { type Shape, stackShape } from "../schema/shape.ts";
import { prefix } from "./unknownNames.ts";
import { validate } from "./validate.ts";
import { isObject, type Located, located } from "./yaml/located.ts";
import { Refused } from "./yaml/refused.ts";
import { readText } from "./yaml/text.ts";

type Values = Readonly<Record<string, unknown>>;

/** A stack's values merged with its declarations file. */
interface WithDeclarations {
  readonly values: Values;
  readonly where: Where;
  readonly faults: readonly Fault[];
  readonly unknownNames: readonly string[];
}

const declarationNames = Object.keys(declarationKeys);

function fileShape(): Shape {
  const known = Object.entries(stackShape().properties ?? {}).filter(([key]) =>
    declarationNames.includes(key),
  );
  return { properties: Object.fromEntries(known) };
}

/** Returns the path of the file that a stack names, or else of `airflow.yaml`; undefined if the file does not exist. */
function findFile({ declarations }: Values): string | undefined {
  const file = fromProject(typeof declarations === "string" ? declarations : "airflow.yaml");
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/**
 * Reads a declarations file.
 * @throws Refused with file and line if the file is not YAML, or not an object
 */
function readContents(file: string): Located & { readonly content: Values } {
  const { content, ...rest } = located(readText(file), basename(file), fileShape());
  const { at } = rest;
  if (isObject(content)) return { content, ...rest };
  const expected = `expected ${declarationNames.join(", ")}, each with names`;
  throw new Refused([`${at([])}: holds no declarations; ${expected}`]);
}

/** Lists the paths of values in the form of encrypted ones. */
function ciphers(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  if (Object.keys(value).join() === "secure") return [path];
  return Object.entries(value).flatMap(([key, inner]) => ciphers(inner, [...path, key]));
}

/** Rewords the fault of a secret for a declarations file, which cannot have encrypted values. */
function reworded(fault: Fault): Fault {
  const message =
    "expected { file: PATH } or, in a cluster, { secret: NAME, key: KEY }; an encrypted value belongs in the stack file";
  return { ...fault, message };
}

/** Merges the declarations file into the values of a stack; a file that cannot be read adds its faults alone. */
export function withDeclarations(values: Values, where: Where): WithDeclarations {
  const file = findFile(values);
  if (file === undefined) return { values, where, faults: [], unknownNames: [] };
  try {
    return mergeFile(values, where, readContents(file));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { values, where, faults: [], unknownNames: error.lines };
  }
}

function mergeFile(
  values: Values,
  where: Where,
  { content, at, repeated }: ReturnType<typeof readContents>,
): WithDeclarations {
  const unknown = Object.keys(content)
    .filter((key) => !declarationNames.includes(key))
    .map((key) => {
      const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
      return `${at([key])}: ${shownText(key)} ${unknownWord(name, declarationNames)}`;
    });
  const inFile = Object.fromEntries(
    declarationNames.filter((kind) => kind in content).map((kind) => [kind, content[kind]]),
  );
  const namesIn = (of: Values, kind: string) => (isObject(of[kind]) ? Object.keys(of[kind]) : []);
  const isFromFile = ([kind = "", key]: Path) =>
    key === undefined
      ? kind in inFile && !(kind in values)
      : namesIn(inFile, String(kind)).includes(String(key)) &&
        !namesIn(values, String(kind)).includes(String(key));
  const twice = declarationNames.flatMap((kind) =>
    namesIn(inFile, kind)
      .filter((key) => namesIn(values, kind).includes(key))
      .map((key) => ({
        path: [kind, key],
        message: `${at([kind, key])} declares it too: expected only one of them`,
      })),
  );
  const all = Object.entries(inFile).map(([kind, inner]) => {
    const inStack = values[kind];
    return [kind, isObject(inner) && isObject(inStack) ? { ...inner, ...inStack } : (inStack ?? inner)];
  });
  const encrypted = ciphers(inFile).map((path) => ({ path, message: "" }));
  const unfit = validate(inFile, []).faults.filter(({ message }) => message === secretForms);
  const plain = [...secretFaults(inFile, () => false, "NAME"), ...encrypted, ...unfit].map(reworded);
  return {
    values: { ...values, ...Object.fromEntries(all) },
    where: (path) => (isFromFile(path) ? at(path) : where(path)),
    faults: [...twice, ...plain.filter(({ path }) => isFromFile(path))],
    unknownNames: [...repeated, ...unknown],
  };
}
