import { existsSync } from "node:fs";
import { secretTexts } from "../../../platforms/kubernetes/cluster/secretTexts.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { postgresLogin } from "../../../settings/model/urls/postgresUrl.ts";
import { redisLogin } from "../../../settings/model/urls/redisUrl.ts";
import { prefix } from "../../../settings/read/unknownNames.ts";
import { encrypted, isPlace, type SecretSource, secretIn } from "../../../settings/schema/secret.ts";
import { namespaceFlags } from "../reach/kubernetes.ts";
import type { Stack } from "../stack.ts";

/** Keys of external servers, and what reads their URLs. */
const readers = {
  "postgres.url": postgresLogin,
  "postgres.resultsUrl": postgresLogin,
  "redis.url": redisLogin,
} as const;
type Key = keyof typeof readers;
type Named = Pick<Stack, "prefix">;
type Cluster = Parameters<typeof namespaceFlags>[1];
const keys = Object.keys(readers) as Key[];

/** URLs of external servers, in the clear or where they are, by key. */
export type ServerUrls = { readonly [key in Key]?: SecretSource | undefined };

/** Returns the Secret that has a URL, and its key there; undefined for a URL that is elsewhere. */
function inSecret(source: ServerUrls[keyof ServerUrls]) {
  return isPlace(source) && "secret" in source ? source : undefined;
}

/** Reads the URLs that are in Secrets of a stack's namespace, as far as the user of kubectl may. */
async function withSecrets(urls: ServerUrls, stack: Named, settings: Cluster): Promise<ServerUrls> {
  const names = new Set(Object.values(urls).flatMap((source) => inSecret(source)?.secret ?? []));
  const texts = await secretTexts([...names], namespaceFlags(stack, settings));
  const read = keys.map((key) => {
    const { [key]: source } = urls;
    const place = inSecret(source);
    return [key, (place && texts.get(place.secret)?.[place.key]) ?? source];
  });
  return Object.fromEntries(read);
}

/** Returns the URLs of external servers in the values of a stack's backup. */
export async function urlsIn(config: Readonly<Record<string, string>>, stack: Named): Promise<ServerUrls> {
  const groupOf = (name: string) => JSON.parse(config[name] ?? "{}");
  const found = keys.map((key) => {
    const [group = "", name = ""] = key.split(".");
    return [key, groupOf(group)[name]];
  });
  return withSecrets(Object.fromEntries(found), stack, { kubernetes: groupOf("kubernetes") });
}

/** Returns the URLs of external servers of a stack. */
export async function urlsOf(
  stack: Pick<Stack, "pulumi" | "prefix">,
  { postgres, redis, kubernetes }: Pick<Settings, "postgres" | "redis"> & Cluster,
): Promise<ServerUrls> {
  const given: ServerUrls = {
    "postgres.url": postgres.url,
    "postgres.resultsUrl": postgres.resultsUrl,
    "redis.url": redis.url,
  };
  const opened: { [key in Key]?: SecretSource | undefined } = { ...given };
  for (const key of keys.filter((one) => given[one] === encrypted))
    opened[key] = await stack.pulumi(["config", "get", "--path", `${prefix}${key}`]);
  return withSecrets(opened, stack, { kubernetes });
}

/** Names the data at a URL, whoever logs in; undefined if the URL cannot be read here. */
function dataAt(key: Key, source: SecretSource | undefined): string | undefined {
  const isHere = isPlace(source) && "file" in source && existsSync(source.file);
  const url = isHere ? secretIn(source.file) : source;
  if (typeof url !== "string") return undefined;
  try {
    const { host, port, database } = readers[key](url);
    return `${host.toLowerCase()}:${port}/${database}`;
  } catch {
    return undefined;
  }
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
