import type { ParsedConfig } from "../schema/schema.ts";

type Saying = Pick<ParsedConfig, "settings">;

/** A setting of `airflow.cfg` that a stack gives. */
export interface AirflowOption {
  readonly path: readonly PropertyKey[];
  readonly value: string;
}

/** Every setting that a stack gives, by section and key in lower case: Airflow reads them in any. */
export function airflowOptions({ settings }: Saying): Map<string, AirflowOption> {
  const found = Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]): [string, AirflowOption] => [
      `${section}.${key}`.toLowerCase(),
      { path: ["settings", section, key], value },
    ]),
  );
  return new Map(found);
}

/** What a stack gives for `section.key`; nothing, if it does not. */
export function airflowOption(stack: Saying, name: string): AirflowOption | undefined {
  return airflowOptions(stack).get(name);
}

/** The same as a number, or what holds where a stack gives none. */
export function airflowNumber(stack: Saying, name: string, fallback: number): number {
  return Number(airflowOption(stack, name)?.value ?? fallback);
}
