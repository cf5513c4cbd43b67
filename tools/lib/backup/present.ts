import type { Settings } from "../../../settings/model/groups.ts";

/**
 * Names the data that a restoration would replace; undefined if there is none. An external database counts as having data, whatever
 * the state knows of it: it outlasts the machine, and other stacks reach it.
 * @param isNew true if the state has no data of the stack
 */
export function presentData(
  stack: string,
  isNew: boolean,
  { postgres }: Pick<Settings, "postgres">,
): string | undefined {
  if (postgres.url !== undefined) return `The data in the external database of stack ${stack} (postgres.url)`;
  return isNew ? undefined : `The data of stack ${stack}`;
}
