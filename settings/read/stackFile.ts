import type { Path, Where } from "../schema/path.ts";
import { encrypted } from "../schema/secret.ts";
import { type Shape, stackShape } from "../schema/shape.ts";
import { prefix, unknownNamesIn } from "./unknownNames.ts";
import { isObject, located } from "./yaml/located.ts";
import { Refused } from "./yaml/refused.ts";

/** Encrypted value of a stack file. */
interface Cipher {
  readonly path: Path;
  readonly text: string;
}

/** Contents of a stack file. */
interface StackFile {
  /** Values by key without the project's prefix; `encrypted` stands for each encrypted value. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly ciphers: readonly Cipher[];
  /** Paths of the values among these that no key can decrypt, since they are not ciphertexts. */
  readonly undecipherable: readonly Path[];
  /** Rendered faults of names beside the values: unknown ones, and keys that appear twice. */
  readonly unknownNames: readonly string[];
  /** The faults of keys that appear twice. */
  readonly repeated: readonly string[];
  readonly where: Where;
}

/** Returns the shape of a stack file, as far as the shape decides which values are texts. */
export function fileShape(): Shape {
  const keys = Object.entries(stackShape().properties ?? {}).map(([key, shape]) => [
    `${prefix}${key}`,
    shape,
  ]);
  return { properties: { config: { properties: Object.fromEntries(keys) } } };
}

/** Form of a ciphertext, made with a passphrase's key or by Pulumi's service. */
const cipher = /^(v1:\S+|AAAB[\w+/]+=*)$/;

interface Secure {
  readonly secure: string;
}

/** True if an object is an encrypted value, which to the CLI is any object with `secure` as its only key. */
function isSecure(value: object): value is Secure {
  return "secure" in value && typeof value.secure === "string" && Object.keys(value).length === 1;
}

function withoutCiphers(value: unknown, path: Path, found: Cipher[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isSecure(value)) {
    found.push({ path, text: value.secure });
    return encrypted;
  }
  if (Array.isArray(value)) return value.map((item, at) => withoutCiphers(item, [...path, at], found));
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, withoutCiphers(inner, [...path, key], found)]),
  );
}

function isKeyAndValue(text: unknown): boolean {
  return typeof text === "string" && /^\w+:\S/.test(text);
}

/**
 * Parses the text of a stack file.
 * @param file name of the file, for the places of faults
 * @throws Refused with file and line if the text is not YAML, or not a stack file
 */
export function parseStackFile(text: string, file: string): StackFile {
  const { content, at, repeated } = located(text, file, fileShape());
  const { config = {} } = isObject(content) ? content : { config: undefined };
  const values = config ?? {};
  if (!isObject(content) || !isObject(values)) {
    // Without a space behind its colon, a key and its value are one text.
    const space = isKeyAndValue(config) ? ", and a space behind each KEY:" : "";
    throw new Refused([
      `${at(isObject(content) ? ["config"] : [])}: is not a stack file; expected config: and below it keys, ${prefix}KEY, with their values${space}`,
    ]);
  }
  const ciphers: Cipher[] = [];
  const ofProject = Object.entries(values).filter(([key]) => key.startsWith(prefix));
  const read = ofProject.map(([key, value]) => {
    const name = key.slice(prefix.length);
    return [name, withoutCiphers(value, [name], ciphers)];
  });
  return {
    values: Object.fromEntries(read),
    ciphers,
    undecipherable: ciphers.flatMap(({ path, text }) => (cipher.test(text) ? [] : [path])),
    repeated,
    unknownNames: [
      ...repeated,
      ...unknownNamesIn(content, values).map(({ path, message }) => `${at(path)}: ${message}`),
    ],
    where: ([key = "", ...rest]) => at(["config", `${prefix}${String(key)}`, ...rest]),
  };
}
