import { readFileSync } from "node:fs";
import { type Release, releaseOf } from "../schema/versions.ts";

/** Settings of an Airflow release, as `npm run settings` writes them from the image; spaces separate names. */
export interface KnownFile {
  /** Keys by section, including those of the installed providers. */
  readonly sections: Readonly<Record<string, string>>;
  /** `section.key` of settings that Airflow treats as secret, since it also reads them from a command. */
  readonly sensitive: string;
  /** `section.key` of settings that only some roles read, by the names of these roles. */
  readonly readers: Readonly<Record<string, string>>;
  /** `section.key` of settings that Airflow converts to a type and that may not be empty, by type. */
  readonly types: Readonly<Record<ValueType, string>>;
  /** Values of settings that have no others, separated by commas, since a value may be empty. */
  readonly choices: Readonly<Record<string, string>>;
  /** Names of time zones. */
  readonly timezones: string;
  /** New names of renamed settings, by old name. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Airflow's notes on removed settings, by name; may be empty. */
  readonly removed: Readonly<Record<string, string>>;
}

/** Type to which Airflow converts the text of a setting. */
export type ValueType = "boolean" | "float" | "integer";

export interface Known {
  readonly sections: ReadonlyMap<string, readonly string[]>;
  readonly sensitive: ReadonlySet<string>;
  /** Roles by `section.key`; any role may read a setting that is not listed. */
  readonly readers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Types by `section.key`; a setting that is not listed is a text. */
  readonly types: ReadonlyMap<string, ValueType>;
  /** Values by `section.key`, for settings that have no others; a value may be empty. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
  readonly timezones: ReadonlySet<string>;
  readonly renamed: Readonly<Record<string, string>>;
  readonly removed: Readonly<Record<string, string>>;
}

/** Returns the URL of a release's committed file. */
export function knownFile(release: Release): URL {
  return new URL(`known/${release}.json`, import.meta.url);
}

const cache = new Map<Release, Known>();

/** Reads the settings of a version's release; undefined for an unknown release. */
export function knownSettings(version: string): Known | undefined {
  const release = releaseOf(version);
  if (release === undefined) return;
  const before = cache.get(release);
  if (before) return before;
  const { sections, sensitive, readers, types, choices, timezones, ...rest }: KnownFile = JSON.parse(
    readFileSync(knownFile(release), "utf8"),
  );
  const keys = Object.entries(sections).map(([section, names]) => [section, names.split(" ")] as const);
  const readersByName = Object.entries(readers).flatMap(([roles, names]) =>
    names.split(" ").map((name) => [name, new Set(roles.split(" "))] as const),
  );
  const known = {
    ...rest,
    sections: new Map(keys),
    sensitive: new Set(sensitive.split(" ")),
    choices: new Map(Object.entries(choices).map(([name, values]) => [name, values.split(",")] as const)),
    timezones: new Set(timezones.split(" ")),
    readers: new Map(readersByName),
    types: new Map(
      (Object.keys(types) as ValueType[]).flatMap((type) =>
        types[type].split(" ").map((name) => [name, type] as const),
      ),
    ),
  };
  cache.set(release, known);
  return known;
}

/** True if Airflow treats a setting as secret: a stack file must have it encrypted, and roles get it as a file. */
export function isSensitive(version: string, section: string, key: string): boolean {
  return knownSettings(version)?.sensitive.has(`${section}.${key}`.toLowerCase()) ?? false;
}
