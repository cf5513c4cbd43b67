import { type PlacedSource, serviceUrls, textOf } from "../../model/sources.ts";
import { postgresLogin } from "../../model/urls/postgresUrl.ts";
import { redisLogin } from "../../model/urls/redisUrl.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { urlFaults } from "./urls.ts";

/** Rejects keys of the stack's own service beside an external service, and the reverse. */
const pointless = (["postgres", "redis"] as const).map((kind) =>
  rule(
    [`${kind}.settings.*`, "machines.*.roles.*"],
    ({ [kind]: { settings }, machines = [] }, isGiven): Fault[] => {
      if (!isGiven(`${kind}.url`)) {
        const message = `it is for an external server: expected ${kind}.url beside it`;
        const hasResults = kind === "postgres" && isGiven("postgres.resultsUrl");
        return [
          ...(isGiven(`${kind}.ca`) ? [{ path: [kind, "ca"], message }] : []),
          ...(["certificate", "key"] as const)
            .filter((key) => kind === "redis" && isGiven(`redis.${key}`))
            .map((key) => ({ path: [kind, key], message, given: "{…}" })),
          ...(hasResults ? [{ path: [kind, "resultsUrl"], message, given: "{…}" }] : []),
        ];
      }
      const message = `it is for the stack's own server: expected either this or ${kind}.url`;
      const placed = machines.flatMap(([at, { roles = [] }]) =>
        roles.flatMap(([index, role]) =>
          faultAt(
            ["machines", at, "roles", index],
            role === kind ? `${kind}.url names an external server: expected no such role` : undefined,
          ),
        ),
      );
      return [
        ...(isGiven(`${kind}.memory`) ? [{ path: [kind, "memory"], message }] : []),
        ...(Object.keys(settings).length === 0 ? [] : [{ path: [kind, "settings"], message, given: "{…}" }]),
        ...placed,
      ];
    },
  ),
);

/** Rejects URLs that cannot be parsed, and parameters that PgBouncer would drop. */
function unreadable({ path, source }: PlacedSource, pooled: boolean): Fault[] {
  const text = textOf(source);
  if (text === undefined) return [];
  try {
    if (path[0] === "redis") redisLogin(text);
    else {
      const others = Object.keys(postgresLogin(text).parameters).filter((key) => key !== "sslmode");
      if (pooled && others.length > 0) {
        const message = `PgBouncer would drop its parameter ${others[0]}: expected only sslmode`;
        return [{ path, message, given: "{…}" }];
      }
    }
    return [];
  } catch (error) {
    return [{ path, message: error instanceof Error ? error.message : String(error), given: "{…}" }];
  }
}

/** Rejects URLs that Airflow's clients could not use. */
const usable = rule(["postgres.*", "redis.*"], (parsed, isGiven) =>
  serviceUrls(parsed)
    .filter((source) => urlFaults(source).length === 0)
    .flatMap((source) => unreadable(source, isGiven("pgbouncer"))),
);

export const serviceRules = [...pointless, usable];
