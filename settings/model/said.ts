import type { Stated } from "../schema/schema.ts";

type Saying = Pick<Stated, "settings">;

/** A setting of `airflow.cfg` that a stack gives. */
export interface Said {
  readonly path: readonly PropertyKey[];
  readonly value: string;
}

/** Every setting that a stack gives, by section and key in lower case: Airflow reads them in any. */
export function allSaid({ settings }: Saying): Map<string, Said> {
  const found = Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]): [string, Said] => [
      `${section}.${key}`.toLowerCase(),
      { path: ["settings", section, key], value },
    ]),
  );
  return new Map(found);
}

/** What a stack gives for `section.key`; nothing, if it does not. */
export function said(stack: Saying, name: string): Said | undefined {
  return allSaid(stack).get(name);
}

/** The same as a number, or what holds where a stack gives none. */
export function saidNumber(stack: Saying, name: string, fallback: number): number {
  return Number(said(stack, name)?.value ?? fallback);
}
