import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../settings/model/groups.ts";
import { isOlder } from "../settings/schema/versions.ts";
import { type Archive, readArchive } from "./lib/backup/archive.ts";
import { momentOf } from "./lib/backup/moment.ts";
import { readOpenState } from "./lib/backup/openState.ts";
import { hasVolumes, secretsIn, secretsState, validFernetKeys } from "./lib/backup/secretsState.ts";
import { placeOfBackups, saveBackup, takeBackup } from "./lib/backup/store.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { confirm } from "./lib/commandLine/confirm.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { userPath } from "./lib/commandLine/userPath.ts";
import { main, reasonOf, reporting } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";
import { withResources, writeState } from "./lib/state.ts";
import { inTemporaryFolder } from "./lib/temporaryFolder.ts";
import { keptOf } from "./lib/upgrade/record.ts";
import { replaceData } from "./upgrade/replaceData.ts";
import { ensureStackFile } from "./upgrade/stackFile.ts";

type Flags = ReturnType<typeof commandLine<"restore">>["flags"];

/** Returns the path of an archive: a file as it is, or a copy of a backup of the stack, which may be made as of a moment. */
async function fetched(source: Stack, { from, at }: Flags, folder: string): Promise<string> {
  if ((from === undefined) === (at === undefined))
    throw new Error(
      "expected either --from, with a backup that npm run backup -- --list shows or a file, or --at with a moment.",
    );
  if (from !== undefined && existsSync(userPath(from))) return userPath(from);
  const moment = at === undefined ? undefined : momentOf(at);
  const place = await placeOfBackups(source, source.deployed());
  const id = from ?? (await takeBackup(place, moment)).id;
  const copy = join(folder, `${id}.tar.age`);
  await saveBackup(place, id, copy);
  return copy;
}

async function keysOf(source: Stack, file: string | undefined): Promise<string> {
  if (file !== undefined) return readFileSync(userPath(file), "utf8");
  const { backupKeys } = await source.outputs();
  if (backupKeys !== undefined) return backupKeys;
  throw new Error(
    `The state of stack ${source.name} has no key of backups; expected --key FILE with the output of npm run backup -- --key.`,
  );
}

/**
 * Makes sure that a stack has the secrets that open the data of an archive.
 * @returns true if the stack had no secrets before, and so no data
 * @throws Error if the stack has other secrets
 */
async function ensureSecrets(
  stack: Stack,
  settings: Settings,
  { manifest, secrets }: Archive,
): Promise<boolean> {
  const state = await readOpenState(stack);
  const known = secretsIn(state);
  // Secrets without volumes are those of a deployment that was refused before it made anything.
  if (known && hasVolumes(state)) {
    if (validFernetKeys(known).includes(secrets.values.fernetKey)) return false;
    throw new Error(
      `Stack ${stack.name} has other secrets than backup ${manifest.id}, and could not decrypt its connections; expected ` +
        `a stack with the secrets of the backup, or a new one: npm run restore -- --from ${manifest.id} --as NAME`,
    );
  }
  const resources = secretsState(stack.name, secrets, settings.secretGenerations);
  await writeState(stack, withResources(state, resources));
  print(`  the secrets of stack ${manifest.stack} are in the state of ${stack.name}`);
  return true;
}

/** Takes a backup of the data that a restoration will replace. */
async function backUpFirst(stack: Stack, settings: Settings): Promise<void> {
  print("Backup of the data that is replaced:");
  try {
    await takeBackup(await placeOfBackups(stack, settings));
  } catch (error) {
    throw new Error(
      `${reasonOf(error)}\nThe present data could not be backed up, and nothing was replaced; ` +
        "expected a running stack with backups, or --no-backup if that data may be lost.",
    );
  }
}

async function restore(flags: Flags, folder: string): Promise<void> {
  const source = new Stack(flags.stack);
  const target = new Stack(flags.as ?? source.name);
  const file = await fetched(source, flags, folder);
  const keys = await keysOf(source, flags.key);
  const archive = await reporting("checking the archive", readArchive(file, keys));
  const { id, at, version, stack: origin } = archive.manifest;
  print(`Backup ${id} of stack ${origin}, ${at.slice(0, 16)}: complete, and the key fits.`);
  await ensureStackFile(target, archive);
  const settings = target.settings();
  if (isOlder(settings.version, version)) {
    throw new Error(
      `${target.file}: version is ${settings.version}; expected ${version}, the version of the backup, or a newer one.`,
    );
  }
  const isNew = await ensureSecrets(target, settings, archive);
  if (flags.secrets) {
    print(`Next, deploy the stack with its existing data: npm run up -- --stack ${target.name} --adopt`);
    return;
  }
  if (!isNew) {
    const what = `The data of stack ${target.name} will be replaced by the backup of ${at.slice(0, 16)}; its tasks are stopped.`;
    await confirm(what, flags.yes ?? false);
    if (!flags["no-backup"]) await backUpFirst(target, settings);
  }
  await replaceData(target, { file, keys });
  // A restoration ends an upgrade that was cut off.
  keptOf(target).remove();
  print(`Restored backup ${id} into stack ${target.name}.`);
}

await main(async () => {
  const { flags } = commandLine("restore");
  await inTemporaryFolder((folder) => restore(flags, folder));
});
