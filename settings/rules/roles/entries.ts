import { type Fault, faultAt } from "../fault.ts";

/** Kinds of entries that a stack adds to a role, by name or by path. */
type Kind = "env" | "files" | "volumes" | "secretFiles";

/**
 * Lists the faults of the entries of one kind in all roles.
 * @param problem explains what is wrong with an entry, given also its role and the role's entries of this kind; undefined if
 * nothing is
 */
export function entryFaults<K extends Kind, T>(
  roles: Readonly<Record<string, { readonly [kind in K]: Readonly<Record<string, T>> } | undefined>>,
  kind: K,
  problem: (
    name: string,
    value: T,
    of: { readonly role: string; readonly entries: Readonly<Record<string, T>> },
  ) => string | undefined,
): Fault[] {
  return Object.entries(roles).flatMap(([role, extras]) => {
    const entries: Readonly<Record<string, T>> = extras?.[kind] ?? {};
    return Object.entries(entries).flatMap(([name, value]) =>
      faultAt(["roles", role, kind, name], problem(name, value, { role, entries })),
    );
  });
}
