import { running, type Service } from "./services.ts";

/** Kind of a path on this machine, and its spelling in a stack file. */
export interface Folder {
  readonly kind: "directory" | "file" | "nothing";
  readonly absolute: string;
  /** Path relative to the project, if inside it. */
  readonly spelt: string;
}

/** Looks up a path of a compose file. */
export type Look = (path: string) => Folder;

/** Context of an item. */
export interface ComposeContext {
  /** Services that have the item. */
  readonly users: readonly Service[];
  readonly services: readonly Service[];
  readonly look: Look;
  readonly metadataUrl?: string | undefined;
}

/** Keys of `roles` for the services that have an item: all of Airflow, or some roles. */
export function rolesOf({ users, services }: ComposeContext): string[] {
  const isRunning = ({ role }: Service) => running.includes(role);
  const roles = new Set(users.map(({ role }) => role));
  const all = services.filter(isRunning);
  if (all.length > 1 && all.every((one) => users.includes(one))) return ["all"];
  return [...running, "migration"].filter((role) => roles.has(role));
}
