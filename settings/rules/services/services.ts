import { type Source, serviceUrls, textOf } from "../../model/sources.ts";
import { postgresLogin } from "../../model/urls/postgresUrl.ts";
import { redisLogin } from "../../model/urls/redisUrl.ts";
import type { ParsedConfig, RawConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";
import { urlFaults } from "./urls.ts";

const kinds = ["postgres", "redis"] as const;

/** Rejects keys of the stack's own service beside an external one, and the reverse. */
function pointless(parsed: ParsedConfig, given: RawConfig): Fault[] {
  return kinds.flatMap((kind): Fault[] => {
    const { url, ca, settings } = parsed[kind];
    const results = kind === "postgres" ? parsed.postgres.resultsUrl : undefined;
    if (url === undefined) {
      const message = `it is for a server that is there already: allowed with ${kind}.url`;
      return [
        ...(ca === undefined ? [] : [{ path: [kind, "ca"], message }]),
        ...(results === undefined ? [] : [{ path: [kind, "resultsUrl"], message, given: "{…}" }]),
      ];
    }
    const message = `it is for the stack's own: expected either this or ${kind}.url`;
    const placed = (parsed.machines ?? []).flatMap(({ roles = [] }, at) =>
      roles.flatMap((role, index) =>
        role === kind
          ? [{ path: ["machines", at, "roles", index], message: `${kind}.url says where it is` }]
          : [],
      ),
    );
    return [
      ...(given[kind]?.memory === undefined ? [] : [{ path: [kind, "memory"], message }]),
      ...(Object.keys(settings).length === 0 ? [] : [{ path: [kind, "settings"], message, given: "{…}" }]),
      ...placed,
    ];
  });
}

/** Rejects URLs that cannot be parsed, and parameters that PgBouncer would drop. */
function unreadable(source: Source, pooled: boolean): Fault[] {
  const { path } = source;
  const text = textOf(source);
  if (text === undefined) return [];
  try {
    if (path[0] === "redis") redisLogin(text);
    else {
      const others = Object.keys(postgresLogin(text).parameters).filter((key) => key !== "sslmode");
      if (pooled && others.length > 0) {
        return [{ path, message: `pgbouncer cannot keep its ${others[0]}: expected sslmode`, given: "{…}" }];
      }
    }
    return [];
  } catch (error) {
    return [{ path, message: error instanceof Error ? error.message : String(error), given: "{…}" }];
  }
}

/** Reports faults of external services, and of the keys of the stack's own beside them. */
export function serviceFaults(parsed: ParsedConfig, given: RawConfig): Fault[] {
  const told = new Set(urlFaults(parsed).map(({ path }) => path.join()));
  const urls = serviceUrls(parsed).filter(({ path }) => !told.has(path.join()));
  return [
    ...pointless(parsed, given),
    ...urls.flatMap((source) => unreadable(source, parsed.pgbouncer !== undefined)),
  ];
}
