/** Folder of the programs in the container of the backups. */
export const folder = "/opt/backup";
