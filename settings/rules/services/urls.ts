import { connectionUrls, type PlacedSource, serviceUrls, textOf } from "../../model/sources.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

interface Login {
  readonly scheme: string;
  readonly user: string;
  /** Escaped, as in the URL. */
  readonly password?: string;
  /** Host, port and the rest. */
  readonly rest: string;
}

/** Splits a URL at its last @, since people forget to escape an @ in a password. */
function loginOf(url: string): Login | undefined {
  const found = /^([a-z][a-z0-9+.-]*):\/\/(?:(.*)@)?([^@]*)$/is.exec(url);
  if (!found) return;
  const [, scheme = "", login = "", rest = ""] = found;
  const colon = login.indexOf(":");
  const [user, password] = colon < 0 ? [login] : [login.slice(0, colon), login.slice(colon + 1)];
  return { scheme: scheme.toLowerCase(), user, rest, ...(password !== undefined && { password }) };
}

/** Returns the password in a URL; undefined if there is none that can be decoded. */
export function passwordIn(url: string): string | undefined {
  const { password } = loginOf(url) ?? {};
  return password === undefined || hasRaw(password) ? undefined : decodeURIComponent(password);
}

/** True if a part of a login has characters that must be escaped: all but letters, digits and -._~!$&'()*+,;= */
function hasRaw(part: string): boolean {
  if (!/^([\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*$/i.test(part)) return true;
  try {
    decodeURIComponent(part);
    return false;
  } catch {
    return true;
  }
}

interface UrlForm {
  readonly schemes?: readonly string[];
  readonly example: string;
  readonly needsPassword: boolean;
}

const urlForms: Readonly<Record<string, UrlForm>> = {
  postgres: {
    schemes: ["postgresql", "postgresql+psycopg2"],
    example: "postgresql://USER:PASSWORD@HOST:5432/DATABASE",
    needsPassword: true,
  },
  redis: { schemes: ["redis", "rediss"], example: "rediss://USER:PASSWORD@HOST:6379/0", needsPassword: true },
  connections: { example: "TYPE://LOGIN:PASSWORD@HOST:PORT/SCHEMA", needsPassword: false },
};

function problem(url: string, { schemes, example, needsPassword }: UrlForm): string | undefined {
  const login = loginOf(url.trim());
  if (!login) return `it is not a URL: expected ${example}`;
  if (schemes && !schemes.includes(login.scheme)) {
    return `its scheme is ${login.scheme}: expected ${schemes.join(" or ")}, as in ${example}`;
  }
  if (hasRaw(login.user) || hasRaw(login.password ?? "")) {
    return "its login has characters that mean something else in a URL: expected letters, digits and -._~, with all others escaped: %40 for @, %2F for /, %3A for :";
  }
  if (needsPassword && !login.password) return `it has no password: expected ${example}`;
  if (needsPassword && !/^([\w.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?([/?].*)?$/i.test(login.rest)) {
    return `it has no host: expected ${example}`;
  }
  if (/\s/.test(url)) return "it has white space: expected %20 for a space, and no line break";
  return;
}

/** Lists the fault of a URL in a stack. */
export function urlFaults({ path, source }: PlacedSource): Fault[] {
  const url = textOf(source);
  const kind = urlForms[String(path[0])];
  return faultAt(path, url === undefined || !kind ? undefined : problem(url, kind));
}

/** Rejects URLs that have no host, or that clients read in another way than people do. */
export const urlRule = rule(["postgres.*", "redis.*", "connections.*.uri"], (parsed) =>
  [...serviceUrls(parsed), ...connectionUrls(parsed)].flatMap(urlFaults),
);
