/** Folder of the programs in the container of the backups. */
export const backupPrograms = "/opt/backup";
