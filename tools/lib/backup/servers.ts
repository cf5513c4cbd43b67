import { existsSync } from "node:fs";
import type { Settings } from "../../../settings/model/groups.ts";
import { postgresLogin } from "../../../settings/model/urls/postgresUrl.ts";
import { redisLogin } from "../../../settings/model/urls/redisUrl.ts";
import { prefix } from "../../../settings/read/unknownNames.ts";
import { encrypted, isPlace, type SecretSource, secretIn } from "../../../settings/schema/secret.ts";
import type { Stack } from "../stack.ts";

/** Keys of external servers, and what reads their URLs. */
const readers = {
  "postgres.url": postgresLogin,
  "postgres.resultsUrl": postgresLogin,
  "redis.url": redisLogin,
} as const;
type Key = keyof typeof readers;
const keys = Object.keys(readers) as Key[];

/** URLs of external servers, in the clear or where they are, by key. */
export type ServerUrls = { readonly [key in Key]?: SecretSource | undefined };

/** Returns the URLs of external servers in the values of a backup. */
export function urlsIn(config: Readonly<Record<string, string>>): ServerUrls {
  const found = keys.map((key) => {
    const [group = "", name = ""] = key.split(".");
    return [key, JSON.parse(config[group] ?? "{}")[name]];
  });
  return Object.fromEntries(found);
}

/** Returns the URLs of external servers of a stack. */
export async function urlsOf(
  stack: Pick<Stack, "pulumi">,
  { postgres, redis }: Pick<Settings, "postgres" | "redis">,
): Promise<ServerUrls> {
  const given: ServerUrls = {
    "postgres.url": postgres.url,
    "postgres.resultsUrl": postgres.resultsUrl,
    "redis.url": redis.url,
  };
  const opened: { [key in Key]?: SecretSource | undefined } = { ...given };
  for (const key of keys.filter((one) => given[one] === encrypted))
    opened[key] = await stack.pulumi(["config", "get", "--path", `${prefix}${key}`]);
  return opened;
}

/** Names the data at a URL, whoever logs in; undefined if the URL cannot be read here. */
function dataAt(key: Key, source: SecretSource | undefined): string | undefined {
  const isHere = isPlace(source) && "file" in source && existsSync(source.file);
  const url = isHere ? secretIn(source.file) : source;
  if (typeof url !== "string") return undefined;
  const { host, port, database } = readers[key](url);
  return `${host.toLowerCase()}:${port}/${database}`;
}

/**
 * Explains why a stack that gets the data of another one may not use its database or broker: the restoration would replace the other's
 * data, and each would run the other's tasks. Undefined if all servers differ, or cannot be compared here.
 */
export function sharedServerFault(urls: ServerUrls, others: ServerUrls, name: string): string | undefined {
  const taken = keys.map((key) => dataAt(key, others[key])).filter((data) => data !== undefined);
  const shared = keys.find((key) => taken.includes(dataAt(key, urls[key]) ?? ""));
  if (shared === undefined) return undefined;
  return `${shared} names a database of stack ${name}, which the backup is from; expected a database for this stack alone`;
}
