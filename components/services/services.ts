import type * as pulumi from "@pulumi/pulumi";
import { connectionBudget } from "../../settings/model/connections.ts";
import type { Settings } from "../../settings/model/groups.ts";
import type { PostgresLogin } from "../../settings/model/urls/postgresUrl.ts";
import type { Platform } from "../../workload.ts";
import type { Broker } from "../broker.ts";
import { type Database, type PostgresServer, secretUrl } from "../database.ts";
import { readSecret } from "../readSecret.ts";
import type { ExtrasByRole } from "../roles/extras.ts";
import { targets } from "../roles/role.ts";
import type { Secrets } from "../secrets.ts";
import { Check } from "./check/check.ts";
import { ExternalPostgres } from "./externalPostgres.ts";
import { ExternalRedis } from "./externalRedis.ts";
import { hasLogins, Logins, type Replaced } from "./logins.ts";
import { Pgbouncer } from "./pgbouncer.ts";
import { Postgres } from "./postgres.ts";
import { Redis } from "./redis.ts";

type Ready = pulumi.Input<pulumi.Resource>[];

/** Services that Airflow needs: the stack's own, or external ones. */
interface Services {
  readonly broker: Broker;
  readonly server: PostgresServer;
  /** The server, or PgBouncer in front of it. */
  readonly database: Database;
  /** Resources on which each user of a service depends. */
  readonly ready: { readonly broker: Ready; readonly server: Ready; readonly database: Ready };
}

/** External services of a stack that has them. */
interface External {
  readonly postgres?: ExternalPostgres;
  readonly redis?: ExternalRedis;
}

function externalOf(platform: Platform, { postgres, redis }: Settings, parent: pulumi.Resource): External {
  const results = postgres.resultsUrl === undefined ? undefined : readSecret(postgres.resultsUrl, platform);
  return {
    ...(postgres.url !== undefined && {
      postgres: new ExternalPostgres(
        "postgres",
        { url: readSecret(postgres.url, platform), resultsUrl: results, ca: postgres.ca },
        { parent },
      ),
    }),
    ...(redis.url !== undefined && {
      redis: new ExternalRedis(
        "redis",
        {
          ...redis,
          url: readSecret(redis.url, platform),
          key: redis.key === undefined ? undefined : readSecret(redis.key, platform),
        },
        { parent },
      ),
    }),
  };
}

function checkOf(
  platform: Platform,
  settings: Settings,
  { postgres, redis }: External,
  { image, extras }: Pick<ServicesArgs, "image" | "extras">,
  parent: pulumi.Resource,
): Ready {
  if (!postgres && !redis) return [];
  const libpq = (login: pulumi.Output<PostgresLogin>) =>
    secretUrl(login, undefined, postgres?.authoritiesFile);
  const check = new Check(
    "check",
    {
      platform,
      image,
      extras,
      urls: {
        ...(postgres && {
          metadata_url: libpq(postgres.logins.metadata),
          results_url: libpq(postgres.logins.results),
        }),
        ...(redis && { broker_url: redis.url }),
      },
      files: { ...postgres?.files, ...redis?.files },
      connections: connectionBudget(settings),
      redisTls: redis?.tls,
      reaches: targets(
        ...(postgres ? [postgres.target, postgres.resultsTarget] : []),
        ...(redis ? [redis.target] : []),
      ),
    },
    { parent },
  );
  return [check.done];
}

function ownPostgres(
  platform: Platform,
  settings: Settings,
  { secrets, replaced = {} }: Pick<ServicesArgs, "secrets" | "replaced">,
  opts: pulumi.ComponentResourceOptions,
): { readonly server: PostgresServer; readonly ready: Ready } {
  const image = settings.images.postgres;
  const isReplicated = settings.backup?.continuous ?? false;
  const args = { platform, image, secrets, isReplicated, ...settings.postgres };
  const server = new Postgres("postgres", args, opts);
  if (!hasLogins(settings, replaced)) return { server, ready: [server] };
  const loginsArgs = { platform, image, postgres: server.target, secrets };
  const logins = new Logins("logins", loginsArgs, { ...opts, dependsOn: [server] });
  return { server, ready: [server, logins.done] };
}

export interface ServicesArgs {
  readonly secrets: Secrets;
  /** Times each secret was replaced until the last deployment; default: never. */
  readonly replaced?: Replaced | undefined;
  /** Airflow's image. */
  readonly image: pulumi.Input<string>;
  /** Additions of a stack to its roles. */
  readonly extras: ExtrasByRole;
}

/** Declares the services that Airflow needs; external ones are checked before anything else is touched. */
export function servicesOf(
  platform: Platform,
  settings: Settings,
  { secrets, replaced, ...airflow }: ServicesArgs,
  parent: pulumi.Resource,
): Services {
  const { images, pgbouncer, extraHosts } = settings;
  const external = externalOf(platform, settings, parent);
  const checked = checkOf(platform, settings, external, airflow, parent);
  const opts = { parent, dependsOn: [...checked] };
  const broker =
    external.redis ?? new Redis("redis", { platform, image: images.redis, secrets, ...settings.redis }, opts);
  const { server, ready: served } = external.postgres
    ? { server: external.postgres, ready: checked }
    : ownPostgres(platform, settings, { secrets, replaced }, opts);
  const ready = { broker: [...checked, broker], server: served };
  if (!pgbouncer) return { broker, server, database: server, ready: { ...ready, database: ready.server } };
  const pooler = new Pgbouncer(
    "pgbouncer",
    { platform, image: images.pgbouncer, server, secrets, hosts: extraHosts, ...pgbouncer },
    { parent, dependsOn: [...ready.server] },
  );
  return { broker, server, database: pooler, ready: { ...ready, database: [pooler] } };
}
