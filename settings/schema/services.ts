import { z } from "zod";
import { file } from "./paths.ts";
import { secret } from "./secret.ts";
import { matching, memory, object, whole } from "./values.ts";

/** Settings of a server's configuration file, by name. */
const lines = z
  .record(
    matching(/^[A-Za-z][A-Za-z0-9_.-]*$/, "expected names of settings"),
    z.union([z.boolean(), z.number(), matching(/^[^\r\n]*$/, "expected one line")], {
      error: "expected one line of text, a number or a boolean",
    }),
    { error: "expected keys and their values" },
  )
  .meta({ discreet: true });
export type Lines = z.output<typeof lines>;

/** Spells a value as the server's configuration file does. */
export function spellLine(server: "postgres" | "redis", value: Lines[string]): string {
  if (typeof value !== "boolean") return String(value);
  return server === "postgres" ? (value ? "on" : "off") : value ? "yes" : "no";
}

/** The stack's own Postgres, or with `url` an external one. */
export const postgres = object({
  memory: memory.default(1024).describe("MiB that the stack's own Postgres may use."),
  settings: lines.default({}).describe("Any setting of `postgresql.conf`: `{ max_connections: 200 }`."),
  url: secret
    .optional()
    .describe(
      "External Postgres instead of the stack's own: `postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`.",
    ),
  resultsUrl: secret
    .optional()
    .describe("With `url`: another database for Celery's results, so that workers cannot read the metadata."),
  ca: file
    .optional()
    .describe("With `url`: file with the authorities that may sign the server's certificate, in PEM."),
});

/** The stack's own Redis, or with `url` an external one. */
export const redis = object({
  memory: memory.default(512).describe("MiB that the stack's own Redis may use."),
  settings: lines.default({}).describe("Any setting of `redis.conf`: `{ appendfsync: always }`."),
  url: secret
    .optional()
    .describe("External Redis instead of the stack's own: `rediss://USER:PASSWORD@HOST:6379/0`."),
  ca: file
    .optional()
    .describe("With `url`: file with the authorities that may sign the server's certificate, in PEM."),
  certificate: file
    .optional()
    .describe(
      "With `url`: file with the certificate that the stack shows to a server that asks for one (`tls-auth-clients`), and the intermediate ones, in PEM.",
    ),
  key: secret.optional().describe("Private key of `certificate`, in PEM."),
});

/** PgBouncer between Airflow and Postgres. */
export const pgbouncer = object({
  poolSize: whole(1, 10_000)
    .default(20)
    .describe("Connections to Postgres for the metadata, and the same number for results."),
  clients: whole(10, 100_000).default(1000).describe("Connections that Airflow may have to PgBouncer."),
});

/** Parses `30d` to a number of days, and `never` to null. */
function days(byDefault: `${number}d`) {
  return matching(/^([1-9]\d{0,3}d|never)$/, "expected whole days, 9999d at most, or never: 30d")
    .transform((text) => (text === "never" ? null : Number.parseInt(text, 10)))
    .prefault(byDefault);
}

/** Ages, in days, at which logs and records are removed; null for never. */
export const retention = object({
  logs: days("30d").describe(
    "Age of task logs: `30d`, or `never`. Logs of the DAG processor are kept for 2 days, and a volume that is 90 % full loses its oldest logs.",
  ),
  metadata: days("90d").describe(
    "Age of runs, tasks and all else that `airflow db clean` removes; a DAG's last scheduled run stays.",
  ),
  results: days("7d").describe(
    "Age of Celery's results, and of queues of its remote control that nobody reads.",
  ),
});

/** True if a stack removes records from its database. */
export function cleansRecords({ metadata, results }: z.output<typeof retention>): boolean {
  return metadata !== null || results !== null;
}
