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
function closingQuote(text: string, quote: string, from: number): number | undefined {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at;
  }
  return undefined;
}

/** Decodes a text between single quotes, in which only `\'` is special. */
function decodeLiteral(inner: string): string {
  return inner.replaceAll("\\'", "'");
}

/** Decodes the escapes of a text between double quotes; an escaped `$` is not a variable. */
function decodeEscapes(inner: string): string {
  return inner.replace(/\\(.)/gs, (whole, char: string) => escapes[char] ?? whole);
}

/**
 * Reads an `.env` file as docker compose does: `NAME=VALUE` or `NAME: VALUE`, quoted over several lines, with
 * variables of earlier lines. A name alone takes its value from the environment.
 * @param outer variables of the environment, which win over earlier lines
 * @throws Error with file and line if a line is not a definition
 */
export function readDefinitions(file: string, text: string, outer: Variables = new Map()): Definition[] {
  const definitions: Definition[] = [];
  const values = new Map<string, string>();
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const definitionStart = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:[=:][ \t]*|(?=\n|$)|(?=#))/y;
  let at = 0;
  const lineAt = (index: number) => source.slice(0, index).split("\n").length;
  const add = (name: string, line: number, raw: string, isLiteral: boolean) => {
    const unset: string[] = [];
    const variables = new Map([...values, ...outer]);
    const ignore = () => undefined;
    const value = isLiteral ? raw : interpolate(raw, variables, ignore, (missing) => unset.push(missing));
    values.set(name, value);
    definitions.push({ name, value, line, ...(unset.length > 0 && { unset }) });
  };
  while (at < source.length) {
    const [blank = ""] = /^[ \t]*(?:#[^\n]*)?(?:\n|$)/.exec(source.slice(at)) ?? [];
    if (blank !== "") {
      at += blank.length;
      continue;
    }
    const line = lineAt(at);
    definitionStart.lastIndex = at;
    const [start, name] = definitionStart.exec(source) ?? [];
    if (start === undefined || name === undefined) {
      if (/^[ \t]*$/.test(source.slice(at))) break;
      throw new Error(`${file}:${line}: expected lines NAME=VALUE`);
    }
    at += start.length;
    const quote = source[at];
    if (!/[=:]\s*$/.test(start)) {
      const value = outer.get(name);
      definitions.push({ name, value: value ?? "", line, ...(value === undefined && { unset: [name] }) });
      at = nextLine(source, at);
    } else if (quote === '"' || quote === "'") {
      const close = closingQuote(source, quote, at + 1);
      if (close === undefined)
        throw new Error(`${file}:${line}: the quote ${quote} is not closed; expected ${quote} at its end`);
      const inner = source.slice(at + 1, close);
      add(name, line, quote === "'" ? decodeLiteral(inner) : decodeEscapes(inner), quote === "'");
      at = nextLine(source, close + 1);
    } else {
      const end = nextLine(source, at);
      const raw = source
        .slice(at, end)
        .replace(/(^|\s)#.*$/s, "")
        .trim();
      add(name, line, raw, false);
      at = end;
    }
  }
  return definitions;
}

/** Returns the index of the line after the one that an index is in. */
function nextLine(text: string, index: number): number {
  const end = text.indexOf("\n", index);
  return end < 0 ? text.length : end + 1;
}
