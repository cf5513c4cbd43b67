import { existsSync, readFileSync, rmSync } from "node:fs";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { print } from "../commandLine/terminal.ts";
import { reasonOf } from "../process.ts";
import type { Stack } from "../stack.ts";

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

/**
 * Takes a backup of the data that a restoration will replace.
 * @param take takes a backup
 * @param isRepeated true if an earlier attempt has begun to replace the data, and may have removed what takes backups
 */
export async function backUpFirst(take: () => Promise<unknown>, isRepeated: boolean): Promise<void> {
  print("Backup of the data that is replaced:");
  await take().catch((error) => {
    if (!isRepeated)
      throw new Error(
        `${reasonOf(error)}\nThe present data could not be backed up, and nothing was replaced; ` +
          "expected a running stack with backups, or --no-backup if that data may be lost.",
      );
    print(
      `  ${reasonOf(error)}\n  An earlier attempt has begun to replace the data, so this one goes on without a backup.`,
    );
  });
}

/** Returns the path of the note of a restoration that has begun to replace data. */
function noteOf(stack: Pick<Stack, "beside">): string {
  return stack.beside("restore", "json");
}

/** Notes that the restoration of a backup begins, until a deployment is proven. */
export function noteBegin(stack: Pick<Stack, "beside">, id: string): void {
  writeWhole(noteOf(stack), JSON.stringify({ id }), 0o600);
}

/** True if the restoration of a backup has begun, and no deployment was proven since. */
export function hasBegun(stack: Pick<Stack, "beside">, id: string): boolean {
  const file = noteOf(stack);
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).id === id;
}

/** Removes the note: the data of the stack is in use, or gone. */
export function forgetBegin(stack: Pick<Stack, "beside">): void {
  rmSync(noteOf(stack), { force: true });
}
