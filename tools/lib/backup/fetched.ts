import { existsSync } from "node:fs";
import { userPath } from "../commandLine/userPath.ts";
import type { Place } from "../reach/place.ts";
import type { Stack } from "../stack.ts";
import { momentOf } from "./moment.ts";
import { idOf, saveBackup, takeBackup } from "./store.ts";

/** Archive to restore. */
export interface Fetched {
  readonly file: string;
  /** True for a copy beside the state, which nothing needs once the backup is restored. */
  readonly isCopy: boolean;
  /** True if this command made the copy, so that the backup is in its place, too. */
  readonly isNew: boolean;
}

/**
 * Finds an archive: a file as it is, or a copy of a backup of the stack, which may be made as of a moment. The copy stays until it
 * is restored, since the backup of the present data may take the place of the backup.
 * @param target stack to restore into
 * @param place finds the container that has the backups, or makes one as of a moment
 */
export async function fetched(
  target: Pick<Stack, "beside">,
  { from, at }: { readonly from?: string; readonly at?: string },
  place: () => Promise<Place>,
): Promise<Fetched> {
  if ((from === undefined) === (at === undefined))
    throw new Error(
      "expected either --from, with a backup that npm run backup -- --list shows or a file, or --at with a moment.",
    );
  if (from !== undefined && existsSync(userPath(from)))
    return { file: userPath(from), isCopy: false, isNew: false };
  const moment = at === undefined ? undefined : momentOf(at);
  const id = moment ? idOf(moment) : String(from);
  const file = target.beside(`restore-${id}`, "tar.age");
  // A restore that failed has left the copy, and may have removed the container of the backups.
  if (existsSync(file)) return { file, isCopy: true, isNew: false };
  const container = await place();
  if (moment) await takeBackup(container, moment);
  await saveBackup(container, id, file);
  return { file, isCopy: true, isNew: true };
}
