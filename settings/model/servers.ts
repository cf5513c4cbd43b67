import { readFileSync } from "node:fs";

/** Servers of the stack, with the major version of their images, whose settings are known. */
export const servers = { postgres: "15", redis: "7" } as const;
export type Server = keyof typeof servers;

/** Log that the stack's Postgres keeps for a continuous backup that was away, in MiB. */
export const keptLog = 512;

/** Settings of a server, as `npm run settings` writes them from its image. */
export interface ServerFile {
  /** Specifications by name, with `|` between their parts: `ofPostgres` and `ofRedis` parse them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Names of the libraries that Postgres can load, separated by spaces. */
  readonly libraries?: string;
}

/** Values that a setting may have. */
export interface Accepted {
  readonly type: string;
  /** Unit of the bounds, and of a number without a unit: `8kB`, `ms`; empty if there is none. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly values: readonly string[];
  /** True if the server refuses any value. */
  readonly isFixed: boolean;
}

interface ServerSettings {
  readonly accepted: ReadonlyMap<string, Accepted>;
  readonly libraries: readonly string[];
}

/** Returns the URL of a server's committed file. */
export function serverFile(server: Server): URL {
  return new URL(`known/${server}-${servers[server]}.json`, import.meta.url);
}

function bound(text: string | undefined, open: number): number {
  return text === undefined || text === "" ? open : Number(text);
}

function ofPostgres(specification: string): Accepted {
  const [context, type = "", unit = "", min, max, values = ""] = specification.split("|");
  return {
    type,
    unit,
    min: bound(min, -Infinity),
    // Postgres uses the largest floating-point number where there is no bound.
    max: Number(max) > 1e300 ? Infinity : bound(max, Infinity),
    values: values === "" ? [] : values.split(","),
    isFixed: context === "internal",
  };
}

function ofRedis(specification: string): Accepted {
  const [type = "", first, last] = specification.split("|");
  const listed = type === "enum" || type === "flag";
  return {
    type,
    unit: "",
    min: listed ? -Infinity : bound(first, -Infinity),
    max: bound(last, Infinity),
    values: listed ? (first ?? "").split(/[ ,]/) : [],
    isFixed: false,
  };
}

/**
 * Finds a setting of a server that a stack gives, with its key as the stack spells it, since servers ignore case.
 * @param name name in lower case
 */
export function givenSetting<T>(
  settings: Readonly<Record<string, T>>,
  name: string,
): readonly [key: string, value: T] | undefined {
  return Object.entries(settings).find(([key]) => key.toLowerCase() === name);
}

const cache = new Map<Server, ServerSettings>();

/** Reads the settings of a server, by name in lower case, since servers ignore case. */
export function serverSettings(server: Server): ServerSettings {
  const before = cache.get(server);
  if (before) return before;
  const { settings, libraries = "" }: ServerFile = JSON.parse(readFileSync(serverFile(server), "utf8"));
  const parse = server === "postgres" ? ofPostgres : ofRedis;
  const entries = Object.entries(settings).map(([name, text]) => [name.toLowerCase(), parse(text)] as const);
  const known = { accepted: new Map(entries), libraries: libraries.split(" ") };
  cache.set(server, known);
  return known;
}
