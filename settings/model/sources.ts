import type { ParsedConfig } from "../schema/schema.ts";
import { encrypted, isPlace, type SecretSource, secretIn } from "../schema/secret.ts";

/** A secret that a stack gives. */
export interface Source {
  readonly path: readonly PropertyKey[];
  readonly source: SecretSource;
}

function isSource(value: unknown): value is SecretSource {
  return typeof value === "string" || isPlace(value);
}

function under(holder: Readonly<Record<string, unknown>>, ...path: readonly string[]): Source[] {
  return Object.entries(holder).flatMap(([key, source]) =>
    isSource(source) ? [{ path: [...path, key], source }] : [],
  );
}

function urls(
  service: "postgres" | "redis",
  holder: ParsedConfig["postgres"] | ParsedConfig["redis"],
): Source[] {
  const { settings, ...rest } = holder;
  const given = Object.entries(rest).filter(([key]) => key === "url" || key === "resultsUrl");
  return under(Object.fromEntries(given), service);
}

/** Passwords that the stack's own services and people log in with. */
export function passwords({ secrets, users }: ParsedConfig): Source[] {
  return [
    ...under(secrets, "secrets").filter(({ path }) => String(path[1]).endsWith("Password")),
    ...Object.entries(users).map(([login, { password }]) => ({
      path: ["users", login, "password"],
      source: password,
    })),
  ];
}

/** Where the database and the broker are, if they are there already. */
export function serviceUrls({ postgres, redis }: ParsedConfig): Source[] {
  return [...urls("postgres", postgres), ...urls("redis", redis)];
}

/** Connections that are given as one URL. */
export function connectionUrls({ connections }: ParsedConfig): Source[] {
  return Object.entries(connections).flatMap(([id, { uri }]) =>
    uri === undefined ? [] : [{ path: ["connections", id, "uri"], source: uri }],
  );
}

/** Every secret that a stack gives. */
export function sources(parsed: ParsedConfig): Source[] {
  const { secrets, connections, variables, roles, publish } = parsed;
  return [
    ...Object.entries(roles).flatMap(([role, extras]) =>
      under(extras?.secretFiles ?? {}, "roles", role, "secretFiles"),
    ),
    ...under({ key: publish?.key }, "publish"),
    ...under(secrets, "secrets").filter(({ path }) => !String(path[1]).endsWith("Password")),
    ...passwords(parsed),
    ...serviceUrls(parsed),
    ...Object.entries(connections).flatMap(([id, { uri, password, extra }]) =>
      under({ uri, password, extra }, "connections", id),
    ),
    ...under(variables, "variables"),
  ];
}

/** A secret's text; nothing, where it cannot be looked at: encrypted, or in a cluster. */
export function textOf({ source }: Source): string | undefined {
  if (typeof source === "string") return source === encrypted ? undefined : source;
  return "file" in source ? secretIn(source.file) : undefined;
}
