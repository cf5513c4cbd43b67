/** Values by name, from an `.env` file. */
export type Variables = ReadonlyMap<string, string>;

/** A line of an `.env` file. */
export interface Definition {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

function unquoted(given: string): string {
  const [, quote, inner] = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(given) ?? [];
  if (quote === '"') return (inner ?? "").replaceAll("\\n", "\n").replaceAll('\\"', '"');
  return inner ?? given.replace(/\s+#.*$/, "").trim();
}

/**
 * Reads the lines of an `.env` file.
 * @throws Error with file and line, when a line is not a definition
 */
export function readDefinitions(file: string, text: string): Definition[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`${file}:${at + 1}: expected lines NAME=VALUE`);
    return [{ name, value: unquoted(value), line: at + 1 }];
  });
}

/** Index of the `}` that closes the expression beginning at `from`. */
function end(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith("${", at)) depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Expands the text between braces: a name, optionally with `:-default`, `-default`, `:+instead`, `:?message`. */
function braced(inner: string, variables: Variables, use: (name: string) => void): string {
  const [, name = "", operator = "", rest = ""] = /^(\w+)(?:(:?[-+?])(.*))?$/s.exec(inner) ?? [];
  use(name);
  const value = variables.get(name);
  const missing = value === undefined || (operator.startsWith(":") && value === "");
  if (operator.endsWith("-") && missing) return interpolate(rest, variables, use);
  if (operator.endsWith("+")) return missing ? "" : interpolate(rest, variables, use);
  return value ?? "";
}

/**
 * Replaces variables as docker compose does; a missing one is empty.
 * @param use is called with each name in the text
 */
export function interpolate(text: string, variables: Variables, use: (name: string) => void): string {
  let made = "";
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const [plain = "", name] = /^\$([A-Za-z_]\w*)/.exec(rest) ?? [];
    if (rest.startsWith("$$")) {
      made += "$";
      at += 2;
    } else if (rest.startsWith("${")) {
      const close = end(text, at + 2);
      made += braced(text.slice(at + 2, close), variables, use);
      at = close + 1;
    } else if (name !== undefined) {
      use(name);
      made += variables.get(name) ?? "";
      at += plain.length;
    } else {
      made += text[at];
      at += 1;
    }
  }
  return made;
}
