import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface StateFile {
  readonly checkpoint: { readonly latest?: { readonly resources?: readonly { readonly type: string }[] } };
}

/**
 * Whether a stack has workers. Its outputs outlast them: after `npm run down` they still name workers, which then would be made in turns.
 * @param state folder of the local state
 */
export function hasWorkers(state: string, stack: string): boolean {
  const file = join(state, `.pulumi/stacks/airflow/${stack}.json`);
  if (!existsSync(file)) return false;
  const { checkpoint }: StateFile = JSON.parse(readFileSync(file, "utf8"));
  return checkpoint.latest?.resources?.some(({ type }) => type === "airflow:index:Worker") ?? false;
}
