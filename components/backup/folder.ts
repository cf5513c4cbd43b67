/** Folder of the programs in the container of the backups. */
export const backupPrograms = "/opt/backup";

/** Folder of the archives in the container of the backups. */
export const backupStore = "/backups";

/** Returns the path of an archive in the container of the backups. */
export function archiveOf(id: string): string {
  return `${backupStore}/${id}.tar.age`;
}
