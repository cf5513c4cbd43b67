import { file } from "../schema/paths.ts";
import { encrypted, isPlace, type SecretSource, secretIn } from "../schema/secret.ts";

/** Path and source of a secret that a stack gives. */
export interface PlacedSource {
  readonly path: readonly PropertyKey[];
  readonly source: SecretSource;
}

function isSource(value: unknown): value is SecretSource {
  return typeof value === "string" || isPlace(value);
}

function under(holder: Readonly<Record<string, unknown>>, ...path: PlacedSource["path"]): PlacedSource[] {
  return Object.entries(holder).flatMap(([key, source]) =>
    isSource(source) ? [{ path: [...path, key], source }] : [],
  );
}

/** Paths of the parts of a stack that may hold secrets. */
export const secretParts = [
  "roles.*.secretFiles.*",
  "publish.*",
  "secrets.*",
  "users.*.password",
  "postgres.*",
  "redis.*",
  "connections.*.*",
  "variables.*",
  "monitoring.alerts.*",
  "dagsGit.*",
  "dagBundles.*.*",
  "tracing.*",
  "login.oidc.*",
  "login.ldap.*",
  "backup.*",
] as const;

type ByName<T> = Readonly<Record<string, T>>;

/** Values of a stack at these paths. */
interface Secrets {
  readonly roles: ByName<{ readonly secretFiles: ByName<SecretSource> } | undefined>;
  readonly publish?: { readonly key?: SecretSource } | undefined;
  readonly secrets: ByName<SecretSource | undefined>;
  readonly users: ByName<{ readonly password: SecretSource }>;
  readonly postgres: {
    readonly url?: SecretSource | undefined;
    readonly resultsUrl?: SecretSource | undefined;
  };
  readonly redis: { readonly url?: SecretSource | undefined; readonly key?: SecretSource | undefined };
  readonly connections: ByName<{
    readonly uri?: SecretSource | undefined;
    readonly password?: unknown;
    readonly extra?: unknown;
  }>;
  readonly variables: ByName<unknown>;
  readonly monitoring?: { readonly alerts?: Alerts | undefined } | undefined;
  readonly dagsGit?: RepositoryLogin | undefined;
  readonly dagBundles: readonly (readonly [at: number, bundle: RepositoryLogin])[];
  readonly tracing?: { readonly headers?: SecretSource | undefined } | undefined;
  readonly login?: Login | undefined;
  readonly backup?: BucketLogin | undefined;
}

interface BucketLogin {
  readonly accessKey?: SecretSource | undefined;
  readonly secretKey?: SecretSource | undefined;
}

interface RepositoryLogin {
  readonly password?: SecretSource | undefined;
  readonly key?: SecretSource | undefined;
}

interface Login {
  readonly oidc?: { readonly clientSecret?: SecretSource | undefined } | undefined;
  readonly ldap?: { readonly password?: SecretSource | undefined } | undefined;
}

interface Alerts {
  readonly webhook?: SecretSource | undefined;
  readonly slack?: SecretSource | undefined;
  readonly watchdog?: SecretSource | undefined;
  readonly email?: { readonly password?: SecretSource | undefined } | undefined;
}

/** Lists the passwords of the stack's own services and of people. */
export function passwords({ secrets, users }: Pick<Secrets, "secrets" | "users">): PlacedSource[] {
  return [
    ...under(secrets, "secrets").filter(({ path }) => String(path[1]).endsWith("Password")),
    ...Object.entries(users).map(([login, { password }]) => ({
      path: ["users", login, "password"],
      source: password,
    })),
  ];
}

/** Lists the URLs of an external database and an external broker. */
export function serviceUrls({ postgres, redis }: Pick<Secrets, "postgres" | "redis">): PlacedSource[] {
  const { url, resultsUrl } = postgres;
  return [...under({ url, resultsUrl }, "postgres"), ...under({ url: redis.url }, "redis")];
}

/** Lists the Airflow connections that are given as one URL. */
export function connectionUrls({ connections }: Pick<Secrets, "connections">): PlacedSource[] {
  return Object.entries(connections).flatMap(([id, { uri }]) =>
    uri === undefined ? [] : [{ path: ["connections", id, "uri"], source: uri }],
  );
}

/** Lists every secret that a stack gives. */
export function secretSources(parsed: Secrets): PlacedSource[] {
  const { secrets, connections, variables, roles, publish, monitoring, dagsGit, dagBundles, tracing } =
    parsed;
  const { login, backup } = parsed;
  const { webhook, slack, watchdog, email } = monitoring?.alerts ?? {};
  return [
    ...Object.entries(roles).flatMap(([role, extras]) =>
      under(extras?.secretFiles ?? {}, "roles", role, "secretFiles"),
    ),
    ...under({ key: publish?.key }, "publish"),
    ...under({ key: parsed.redis.key }, "redis"),
    ...under(secrets, "secrets").filter(({ path }) => !String(path[1]).endsWith("Password")),
    ...passwords(parsed),
    ...serviceUrls(parsed),
    ...Object.entries(connections).flatMap(([id, { uri, password, extra }]) =>
      under({ uri, password, extra }, "connections", id),
    ),
    ...under(variables, "variables"),
    ...under({ webhook, slack, watchdog }, "monitoring", "alerts"),
    ...under({ password: email?.password }, "monitoring", "alerts", "email"),
    ...under({ password: dagsGit?.password, key: dagsGit?.key }, "dagsGit"),
    ...dagBundles.flatMap(([at, { password, key }]) => under({ password, key }, "dagBundles", at)),
    ...under({ headers: tracing?.headers }, "tracing"),
    ...under({ clientSecret: login?.oidc?.clientSecret }, "login", "oidc"),
    ...under({ password: login?.ldap?.password }, "login", "ldap"),
    ...under({ accessKey: backup?.accessKey, secretKey: backup?.secretKey }, "backup"),
  ];
}

/** Explains what is wrong with the path of a secret's file; undefined if the file can be read. */
export function fileProblem(path: unknown): string | undefined {
  return file.safeParse(path).error?.issues[0]?.message;
}

/** Returns the text of a secret; undefined if the secret cannot be read here: encrypted, in a cluster, or in a missing file. */
export function textOf(source: SecretSource | undefined): string | undefined {
  if (source === undefined) return undefined;
  if (typeof source === "string") return source === encrypted ? undefined : source;
  return "file" in source && fileProblem(source.file) === undefined ? secretIn(source.file) : undefined;
}
