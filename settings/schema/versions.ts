import { type Major, type Role, rolesWhere } from "../../roles.ts";

/** Default version of Airflow. */
export const defaultVersion = "3.3.2";

/** Oldest version of Kubernetes that stacks run on: the first one that lets pods sleep before they stop. */
export const oldestKubernetes = "1.30";

/** Releases whose settings, roles and logins are known; patches of a release do not differ in these. */
const releases = ["2.11", "3.3"] as const;
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

/** Compares two versions number by number, with 0 for missing numbers; negative if the first is older. */
export function compareVersions(one: string, other: string): number {
  const [mine, theirs] = [one, other].map((text) => text.split(".").map(Number)) as [number[], number[]];
  const length = Math.max(mine.length, theirs.length);
  const differences = Array.from({ length }, (_, at) => (mine[at] ?? 0) - (theirs[at] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

/** True if one version is older than the other. */
export function isOlder(one: string, other: string): boolean {
  return compareVersions(one, other) < 0;
}
