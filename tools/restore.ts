import { existsSync, readFileSync, rmSync } from "node:fs";
import type { Settings } from "../settings/model/groups.ts";
import { isOlder } from "../settings/schema/versions.ts";
import { type Archive, readArchive } from "./lib/backup/archive.ts";
import { fetched } from "./lib/backup/fetched.ts";
import { readOpenState } from "./lib/backup/openState.ts";
import { backUpFirst, hasBegun, noteBegin, presentData } from "./lib/backup/present.ts";
import {
  backupKeysIn,
  droppedKeyFault,
  hasVolumes,
  secretsIn,
  secretsState,
  validFernetKeys,
} from "./lib/backup/secretsState.ts";
import { sharedServerFault, urlsIn, urlsOf } from "./lib/backup/servers.ts";
import { sharedPlaceFault } from "./lib/backup/shared.ts";
import { placeOfBackups, takeBackup } from "./lib/backup/store.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { confirm } from "./lib/commandLine/confirm.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { userPath } from "./lib/commandLine/userPath.ts";
import { main, reasonOf, reporting } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";
import { withResources, writeState } from "./lib/state.ts";
import { keptOf } from "./lib/upgrade/record.ts";
import { replaceData } from "./upgrade/replaceData.ts";
import { ensureStackFile } from "./upgrade/stackFile.ts";

type Flags = ReturnType<typeof commandLine<"restore">>["flags"];

/** Present data to be replaced, and the keys of the archive. */
interface Prepared {
  readonly archive: Archive;
  readonly keys: string;
  readonly hasData: boolean;
  /** True if an earlier attempt to restore the archive has begun to replace the data. */
  readonly isRepeated: boolean;
}

async function keysOf(source: Stack, file: string | undefined): Promise<string> {
  if (file !== undefined) return readFileSync(userPath(file), "utf8");
  // Unlike the outputs, the secrets outlast everything but the data.
  const keys = backupKeysIn(await readOpenState(source));
  if (keys !== "") return keys;
  throw new Error(
    `The state of stack ${source.name} has no key of backups; expected --key FILE with the output of npm run backup -- --key.`,
  );
}

/**
 * Makes sure that a stack has the secrets that open the data of an archive.
 * @returns true if the stack had no secrets before, and so no data of its own
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
    const valid = validFernetKeys(known);
    if (!valid.includes(secrets.values.fernetKey))
      throw new Error(
        `Stack ${stack.name} has other secrets than backup ${manifest.id}, and could not decrypt its connections; expected ` +
          `a stack with the secrets of the backup, or a new one: npm run restore -- --from ${manifest.id} --as NAME`,
      );
    const fault = droppedKeyFault(valid, secrets, settings, manifest.id);
    if (fault !== undefined) throw new Error(`${stack.file}: ${fault}`);
    return false;
  }
  const resources = secretsState(stack.name, secrets, settings.secretGenerations);
  await writeState(stack, withResources(state, resources));
  print(`  the secrets of stack ${manifest.stack} are in the state of ${stack.name}`);
  return true;
}

/** Checks an archive against its target, gives the target its secrets, and asks whether present data may be replaced. */
async function prepare(source: Stack, target: Stack, file: string, flags: Flags): Promise<Prepared> {
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
  const shared =
    target.name !== source.name &&
    ((existsSync(source.file) && sharedPlaceFault(settings, source.deployed(), source.name)) ||
      sharedServerFault(
        await urlsOf(target, settings),
        await urlsIn(archive.config, new Stack(origin)),
        origin,
      ));
  if (shared) throw new Error(`${target.file}: ${shared}.`);
  const data = presentData(target.name, await ensureSecrets(target, settings, archive), settings);
  const isRepeated = hasBegun(target, id);
  if (data !== undefined && !flags.secrets)
    await confirm(
      `${data} will be replaced by the backup of ${at.slice(0, 16)}; its tasks are stopped.`,
      flags.yes ?? isRepeated,
    );
  return { archive, keys, hasData: data !== undefined, isRepeated };
}

async function restore(flags: Flags): Promise<void> {
  const source = new Stack(flags.stack);
  const target = new Stack(flags.as ?? source.name);
  const placeOf = (stack: Stack) => placeOfBackups(stack, stack.deployed());
  const { file, isCopy, isNew } = await fetched(target, flags, () => placeOf(source));
  const drop = () => {
    if (isNew) rmSync(file);
  };
  const { archive, keys, hasData, isRepeated } = await prepare(source, target, file, flags).catch((error) => {
    drop();
    throw error;
  });
  if (flags.secrets) {
    drop();
    print(`Next, deploy the stack with its existing data: npm run up -- --stack ${target.name} --adopt`);
    return;
  }
  if (hasData && !flags["no-backup"])
    await backUpFirst(async () => takeBackup(await placeOf(target)), isRepeated);
  noteBegin(target, archive.manifest.id);
  await replaceData(target, { file, keys }).catch((error) => {
    throw new Error(
      `${reasonOf(error)}\nThe backup is in ${file}. Once the cause is removed, run this command again.`,
    );
  });
  // A restoration ends an upgrade that was cut off.
  await keptOf(target).remove();
  if (isCopy) rmSync(file);
  print(`Restored backup ${archive.manifest.id} into stack ${target.name}.`);
}

await main(() => restore(commandLine("restore").flags));
