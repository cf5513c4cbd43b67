import { momentOf } from "./lib/backup/moment.ts";
import { backupTable, sizeOf } from "./lib/backup/report.ts";
import { listBackups, placeOfBackups, saveBackup, takeBackup, takeOver } from "./lib/backup/store.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print, printPlain } from "./lib/commandLine/terminal.ts";
import { userPath } from "./lib/commandLine/userPath.ts";
import { main } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";

await main(async () => {
  const { flags } = commandLine("backup");
  const stack = new Stack(flags.stack);
  const settings = stack.deployed();
  if (flags.key) {
    const { backupKeys } = await stack.outputs();
    if (backupKeys === undefined)
      throw new Error(`Stack ${stack.name} has no key of backups; expected airflow:backup, and npm run up.`);
    printPlain(backupKeys);
    return;
  }
  const place = await placeOfBackups(stack, settings);
  if (flags.list) {
    print(backupTable(await listBackups(place, settings), new Date()));
  } else if (flags["take-over"]) {
    await takeOver(place);
    print(`The copies in the bucket belong to stack ${stack.name} here; another installation can add none.`);
  } else if (flags.save !== undefined) {
    const file = userPath(`${flags.save}.tar.age`);
    await saveBackup(place, flags.save, file);
    print(`Saved ${file}; npm run backup -- --key prints the key that opens it.`);
  } else {
    const { id, bytes } = await takeBackup(place, flags.at === undefined ? undefined : momentOf(flags.at));
    print(`Backup ${id}, ${sizeOf(bytes)}, is proven. npm run restore -- --from ${id} restores it.`);
  }
});
