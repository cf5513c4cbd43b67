import { readFileSync } from "node:fs";
import { type Release, releaseOf } from "../schema/versions.ts";

/** What a release of Airflow knows of its settings, as `npm run settings` reads it from the image: names with spaces between. */
export interface KnownFile {
  /** Keys by section, those of the installed providers too. */
  readonly sections: Readonly<Record<string, string>>;
  /** `section.key` of those that Airflow itself reads by a command, so that they need not be seen. */
  readonly sensitive: string;
  /** What is no longer known, and its name now. */
  readonly renamed: Readonly<Record<string, string>>;
  /** What is gone, and what Airflow says to that. */
  readonly removed: Readonly<Record<string, string>>;
}

export interface Known {
  readonly sections: ReadonlyMap<string, readonly string[]>;
  readonly sensitive: ReadonlySet<string>;
  readonly renamed: Readonly<Record<string, string>>;
  readonly removed: Readonly<Record<string, string>>;
}

/** The committed file of a release. */
export function knownFile(release: Release): URL {
  return new URL(`known/${release}.json`, import.meta.url);
}

const read = new Map<Release, Known>();

/** @returns nothing, for a version of no known release */
export function knownSettings(version: string): Known | undefined {
  const release = releaseOf(version);
  if (release === undefined) return;
  const before = read.get(release);
  if (before) return before;
  const { sections, sensitive, ...rest }: KnownFile = JSON.parse(readFileSync(knownFile(release), "utf8"));
  const keys = Object.entries(sections).map(([section, names]) => [section, names.split(" ")] as const);
  const known = { ...rest, sections: new Map(keys), sensitive: new Set(sensitive.split(" ")) };
  read.set(release, known);
  return known;
}

/** Whether a setting is a secret to Airflow: it is given encrypted, and delivered as a file. */
export function isSensitive(version: string, section: string, key: string): boolean {
  return knownSettings(version)?.sensitive.has(`${section}.${key}`.toLowerCase()) ?? false;
}
