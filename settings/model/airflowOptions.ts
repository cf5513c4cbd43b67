import type { ParsedConfig } from "../schema/schema.ts";

type Saying = Pick<ParsedConfig, "settings">;

/** A setting of `airflow.cfg` that a stack gives. */
export interface AirflowOption {
  readonly path: readonly PropertyKey[];
  readonly value: string;
}

/** Returns all settings that a stack gives, by section and key in lower case, since Airflow ignores case. */
export function airflowOptions({ settings }: Saying): Map<string, AirflowOption> {
  const found = Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]): [string, AirflowOption] => [
      `${section}.${key}`.toLowerCase(),
      { path: ["settings", section, key], value },
    ]),
  );
  return new Map(found);
}

/** Returns the setting that a stack gives for `section.key`; undefined if none. */
export function airflowOption(stack: Saying, name: string): AirflowOption | undefined {
  return airflowOptions(stack).get(name);
}

/** Returns the setting as a number, or the fallback if a stack gives none. */
export function airflowNumber(stack: Saying, name: string, fallback: number): number {
  return Number(airflowOption(stack, name)?.value ?? fallback);
}

/** True if Airflow takes the value of a setting as true. */
export function isTrue(value: string): boolean {
  return /^(t|true|1)$/i.test(value.trim());
}

/** True if task logs are kept remotely, so that roles need not share a volume for them. */
export function logsAreRemote(stack: Saying): boolean {
  return isTrue(airflowOption(stack, "logging.remote_logging")?.value ?? "");
}
