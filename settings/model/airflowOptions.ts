import type { ParsedConfig } from "../schema/schema.ts";

type WithSettings = Pick<ParsedConfig, "settings">;

/** A setting of `airflow.cfg` that a stack gives. */
interface AirflowOption {
  readonly path: readonly PropertyKey[];
  readonly value: string;
}

/** Returns all settings that a stack gives, by section and key in lower case, since Airflow ignores case. */
export function airflowOptions({ settings }: WithSettings): Map<string, AirflowOption> {
  const found = Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]): [string, AirflowOption] => [
      `${section}.${key}`.toLowerCase(),
      { path: ["settings", section, key], value },
    ]),
  );
  return new Map(found);
}

/** Returns the setting that a stack gives for `section.key`, in lower case; undefined if the stack gives none. */
export function airflowOption(stack: WithSettings, name: string): AirflowOption | undefined {
  return airflowOptions(stack).get(name);
}

/** Returns a setting as a number; NaN if it is not one, and the fallback if the stack does not give it. */
export function airflowNumber(stack: WithSettings, name: string, fallback: number): number {
  return Number(airflowOption(stack, name)?.value ?? fallback);
}

/** True if Airflow reads the value of a setting as true. */
export function isTrue(value: string): boolean {
  return /^(t|true|1)$/i.test(value.trim());
}

/** Options with which roles connect to servers of their own: for secrets, metrics, spans and lineage. */
const ofServers = [
  "secrets.backend",
  "metrics.statsd_on",
  "metrics.otel_on",
  "traces.otel_on",
  "openlineage.transport",
];

/** True if Airflow's options let roles connect to servers outside the stack. */
export function namesServers(stack: WithSettings): boolean {
  const values = ofServers.map((name) => airflowOption(stack, name)?.value.trim() ?? "");
  return values.some((value) => !/^(f|false|0)?$/i.test(value));
}

/** True if Airflow keeps task logs remotely, so that roles need no shared volume for them. */
export function logsAreRemote(stack: WithSettings): boolean {
  return isTrue(airflowOption(stack, "logging.remote_logging")?.value ?? "");
}
