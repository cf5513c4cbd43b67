/** What a stack gets that names no version. */
export const defaultVersion = "3.3.2";

/** Releases whose settings, roles and logins are known here: what differs between patches of one is none of a stack's business. */
export const releases = ["2.11", "3.3"] as const;
export type Release = (typeof releases)[number];

/** Decides what Airflow consists of, and how it is spoken to. */
export type Major = "2" | "3";

/** @returns nothing, where the version is not of a known release, or no version at all */
export function releaseOf(version: string): Release | undefined {
  const [, release] = /^(\d+\.\d+)\.\d+$/.exec(version) ?? [];
  return releases.find((known) => known === release);
}

/** Of a version that was checked: what is not 2 is 3. */
export function majorOf(version: string): Major {
  return version.startsWith("2.") ? "2" : "3";
}

/** Whether one version is older than another, by their numbers. */
export function isOlder(one: string, other: string): boolean {
  const numbers = (version: string) => version.split(".").map(Number);
  const [mine, theirs] = [numbers(one), numbers(other)];
  const at = mine.findIndex((part, index) => part !== theirs[index]);
  return at >= 0 && (mine[at] ?? 0) < (theirs[at] ?? 0);
}
