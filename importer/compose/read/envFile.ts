import { interpolate, type Variables } from "./interpolate.ts";

/** A line of an `.env` file. */
export interface Definition {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Names of the variables in the value that have no value. */
  readonly unset?: readonly string[];
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  $: "$$",
};

/** Returns the index of the quote that ends a text; undefined if none does. */
function closing(text: string, quote: string, from: number): number | undefined {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at;
  }
  return undefined;
}

/** Decodes a text between single quotes, in which only `\'` is special. */
function literal(inner: string): string {
  return inner.replaceAll("\\'", "'");
}

/** Decodes the escapes of a text between double quotes; an escaped `$` is not a variable. */
function escaped(inner: string): string {
  return inner.replace(/\\(.)/gs, (whole, char: string) => escapes[char] ?? whole);
}

/**
 * Reads an `.env` file as docker compose does: `NAME=VALUE` or `NAME: VALUE`, quoted over several lines, with
 * variables of earlier lines. A name alone takes its value from the environment.
 * @param outer variables of the environment, which win over earlier lines
 * @throws Error with file and line if a line is not a definition
 */
export function readDefinitions(file: string, text: string, outer: Variables = new Map()): Definition[] {
  const found: Definition[] = [];
  const known = new Map<string, string>();
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const head = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:[=:][ \t]*|(?=\n|$)|(?=#))/y;
  let at = 0;
  const lineAt = (index: number) => source.slice(0, index).split("\n").length;
  const add = (name: string, line: number, raw: string, isLiteral: boolean) => {
    const unset: string[] = [];
    const variables = new Map([...known, ...outer]);
    const ignore = () => undefined;
    const value = isLiteral ? raw : interpolate(raw, variables, ignore, (missing) => unset.push(missing));
    known.set(name, value);
    found.push({ name, value, line, ...(unset.length > 0 && { unset }) });
  };
  while (at < source.length) {
    const [blank = ""] = /^[ \t]*(?:#[^\n]*)?(?:\n|$)/.exec(source.slice(at)) ?? [];
    if (blank !== "") {
      at += blank.length;
      continue;
    }
    const line = lineAt(at);
    head.lastIndex = at;
    const [start, name] = head.exec(source) ?? [];
    if (start === undefined || name === undefined) {
      if (/^[ \t]*$/.test(source.slice(at))) break;
      throw new Error(`${file}:${line}: expected lines NAME=VALUE`);
    }
    at += start.length;
    const quote = source[at];
    if (!/[=:]\s*$/.test(start)) {
      const value = outer.get(name);
      found.push({ name, value: value ?? "", line, ...(value === undefined && { unset: [name] }) });
      at = after(source, at);
    } else if (quote === '"' || quote === "'") {
      const close = closing(source, quote, at + 1);
      if (close === undefined)
        throw new Error(`${file}:${line}: the quote ${quote} is not closed; expected ${quote} at its end`);
      const inner = source.slice(at + 1, close);
      add(name, line, quote === "'" ? literal(inner) : escaped(inner), quote === "'");
      at = after(source, close + 1);
    } else {
      const end = after(source, at);
      const raw = source
        .slice(at, end)
        .replace(/(^|\s)#.*$/s, "")
        .trim();
      add(name, line, raw, false);
      at = end;
    }
  }
  return found;
}

/** Returns the index of the line after the one that an index is in. */
function after(text: string, index: number): number {
  const end = text.indexOf("\n", index);
  return end < 0 ? text.length : end + 1;
}
