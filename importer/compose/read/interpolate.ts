/** Values of variables by name, from an `.env` file and the environment. */
export type Variables = ReadonlyMap<string, string>;

/** Returns the index of the `}` that closes the expression beginning at `from`. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith("${", at)) depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

type OnName = (name: string) => void;

/** Expands the text between braces: a name, optionally with `:-default`, `-default`, `:+instead`, `:?message`. */
function expandBraces(inner: string, variables: Variables, use: OnName, unset: OnName): string {
  const [, name = "", operator = "", rest = ""] = /^(\w+)(?:(:?[-+?])(.*))?$/s.exec(inner) ?? [];
  use(name);
  const value = variables.get(name);
  const missing = value === undefined || (operator.startsWith(":") && value === "");
  if (operator.endsWith("-") && missing) return interpolate(rest, variables, use, unset);
  if (operator.endsWith("+")) return missing ? "" : interpolate(rest, variables, use, unset);
  if (value === undefined || (operator !== "" && missing)) unset(name);
  return value ?? "";
}

/**
 * Replaces variables as docker compose does; a missing variable becomes empty.
 * @param use is called with each name in the text
 * @param unset is called with each name that has neither a value nor a default
 */
export function interpolate(
  text: string,
  variables: Variables,
  use: OnName,
  unset: OnName = () => undefined,
): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const [plain = "", name] = /^\$([A-Za-z_]\w*)/.exec(rest) ?? [];
    if (rest.startsWith("$$")) {
      result += "$";
      at += 2;
    } else if (rest.startsWith("${")) {
      const close = closingBrace(text, at + 2);
      result += expandBraces(text.slice(at + 2, close), variables, use, unset);
      at = close + 1;
    } else if (name !== undefined) {
      use(name);
      const value = variables.get(name);
      if (value === undefined) unset(name);
      result += value ?? "";
      at += plain.length;
    } else {
      result += text[at];
      at += 1;
    }
  }
  return result;
}
