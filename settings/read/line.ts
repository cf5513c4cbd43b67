import { isNumber, isOrdinary, shownText } from "../model/urls/mask.ts";
import type { Fault } from "../rules/fault.ts";
import { type Path, spell, type Where } from "../schema/path.ts";
import { encrypted } from "../schema/secret.ts";
import { isDiscreetAt, isKeyAt, isSecretAt, shapesAt, stackShape, takesType } from "../schema/shape.ts";

const simple = ["string", "number", "integer", "boolean"];

/** True if only an object or a list fits, so that a text in its place may be the secret that belongs in it. */
function takesNoText(path: Path): boolean {
  const typed = shapesAt(stackShape(), path).filter(({ anyOf }) => anyOf === undefined);
  return (
    typed.length > 0 &&
    !typed.some((shape) => shape.type === undefined || simple.some((type) => takesType(shape, type)))
  );
}

/** True if a value of one of these JSON types may stand at a path. */
function takes(path: Path, ...types: readonly string[]): boolean {
  const shapes = shapesAt(stackShape(), path);
  return shapes.some((shape) => types.some((type) => takesType(shape, type)));
}

/** Forms that YAML reads as a number or a boolean, unless they have quotes around them. */
const unquoted = { number: /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/, boolean: /^(true|false)$/ };

/** True for a number or a boolean that quotes make a text, where no text fits. */
function isQuoted(value: unknown, path: Path): boolean {
  if (typeof value !== "string" || takes(path, "string")) return false;
  const isNumeric = takes(path, "number", "integer") && unquoted.number.test(value);
  return isNumeric || (takes(path, "boolean") && unquoted.boolean.test(value));
}

/** Renders the given value, masked if it may be sensitive. */
function shown(value: unknown, path: Path): string {
  if (value === undefined) return "not given";
  if (value === null) return "empty";
  const shape = stackShape();
  if (typeof value === "object" || isDiscreetAt(shape, path)) return "{…}";
  if (value === encrypted || isSecretAt(shape, path)) return "[secret]";
  if (value === "") return "empty text";
  if (typeof value === "string" && takesNoText(path)) return "text";
  const text = String(value).replace(/\s+/g, " ");
  if (isQuoted(value, path)) return `"${text}"`;
  if (takes(path, "number", "integer") && isNumber(text)) return text;
  // People write a login with its password: `name:password`.
  const login = /user|login|mail/i.test(String(path.at(-1))) && /^[\w.@-]*(?=[^\w.@-])/.exec(text);
  return login ? `${shownText(login[0])}…` : shownText(text);
}

/** Lists all strings in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(textsIn);
  return typeof value === "string" ? [value] : [];
}

/** True if a part of a path may be a secret in the wrong place. */
function isDoubtful(part: PropertyKey, at: number, path: Path): part is string {
  return typeof part === "string" && !isKeyAt(stackShape(), path.slice(0, at + 1)) && !isOrdinary(part);
}

/** Masks parts of the given value, and of keys in its path, that a message repeats and that may be secret. */
function withoutSecrets(message: string, path: Path, value: unknown): string {
  const names = path.filter(isDoubtful);
  // A password may have any character but / and @, and parts of it may look ordinary.
  const parts = textsIn(value).flatMap((text) => [
    text,
    ...text.split(/[\s/@]+/),
    ...text.split(/[\s/:@?&=,]+/),
  ]);
  const doubtful = [...names, ...parts].filter((part) => part.length > 3 && !isOrdinary(part));
  return doubtful.reduce((rest, part) => rest.replaceAll(part, shownText(part)), message);
}

/** Writes a path, with `…` for keys that may be secrets in the wrong place. */
function spelt(path: Path): string {
  return spell(path.map((part, at) => (isDoubtful(part, at, path) ? "…" : part)));
}

/** Renders a fault as `PLACE: KEY is GIVEN; MESSAGE`, without secrets. */
export function line(given: Readonly<Record<string, unknown>>, where: Where, fault: Fault): string {
  const { path } = fault;
  const value = path.reduce<unknown>((inner, part) => Object(inner)[part], given);
  const message = withoutSecrets(fault.message, path, value);
  if (message.startsWith("is unknown")) return `${where(path)}: ${spelt(path)} ${message}`;
  const { given: text } = fault;
  const shownValue = text === undefined ? shown(value, path) : isNumber(text) ? text : shownText(text);
  const fix = isQuoted(value, path) ? ": remove the quotes" : "";
  return `${where(path)}: ${spelt(path)} is ${shownValue}; ${message}${fix}`;
}
