import { existsSync, writeFileSync } from "node:fs";
import { spell } from "../../settings/schema/path.ts";
import type { Archive } from "../lib/backup/archive.ts";
import { stackText } from "../lib/backup/stackText.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { foreignFault } from "../lib/recovery/foreignSecrets.ts";
import type { Stack } from "../lib/stack.ts";
import { writeSecret } from "../secret.ts";

/**
 * Makes sure that a stack has a stack file that its key opens: writes a missing one with the values of the archive, and encrypts
 * anew what another key has encrypted.
 * @throws Error if the archive lacks such a value, before anything is written
 */
export async function ensureStackFile(stack: Stack, { config }: Pick<Archive, "config">): Promise<void> {
  const { text, secrets } = stackText(config);
  const encrypt = async (keys: readonly string[]) => {
    for (const key of keys) await writeSecret(stack, key, String(secrets[key]));
  };
  if (!existsSync(stack.file)) {
    writeFileSync(stack.file, text);
    await encrypt(Object.keys(secrets));
    print(`  wrote ${stack.file} from the backup`);
    return;
  }
  const foreign = await stack.foreignSecrets();
  const lacking = foreign.filter(({ path }) => secrets[spell(path)] === undefined);
  if (lacking.length > 0) throw new Error(foreignFault(lacking, stack.name));
  const keys = foreign.map(({ path }) => spell(path));
  await encrypt(keys);
  if (keys.length > 0) print(`  encrypted ${keys.join(", ")} anew in ${stack.file}, from the backup`);
}
