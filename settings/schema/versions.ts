import { type Major, type Role, rolesWhere } from "../../roles.ts";

/** Default version of Airflow. */
export const defaultVersion = "3.3.2";

/** Releases whose settings, roles and logins are known; patches of a release do not differ in these. */
export const releases = ["2.11", "3.3"] as const;
export type Release = (typeof releases)[number];

/** Versions as messages and docs name them: `3.3.x`. */
export const knownVersions = releases.map((release) => `${release}.x`);

/** Returns the release of a version; undefined if the release is not known, or the text is not a version. */
export function releaseOf(version: string): Release | undefined {
  const [, release] = /^(\d+\.\d+)\.\d+$/.exec(version) ?? [];
  return releases.find((known) => known === release);
}

/** Returns the major version of a version that was checked: "3" unless the version begins with 2. */
export function majorOf(version: string): Major {
  return version.startsWith("2.") ? "2" : "3";
}

/** Lists the roles that a version has. */
export function rolesIn(version: string): readonly Role[] {
  return rolesWhere(({ versions }) => versions?.includes(majorOf(version)) !== false);
}

/** True if one version is older than the other, number by number. */
export function isOlder(one: string, other: string): boolean {
  const numbers = (version: string) => version.split(".").map(Number);
  const [mine, theirs] = [numbers(one), numbers(other)];
  const at = mine.findIndex((part, index) => part !== theirs[index]);
  return at >= 0 && (mine[at] ?? 0) < (theirs[at] ?? 0);
}
