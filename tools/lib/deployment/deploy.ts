import { join } from "node:path";
import { capabilities } from "../../../capabilities.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { print } from "../commandLine/terminal.ts";
import { clientsOf, type Stack } from "../stack.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";
import { watchFailures } from "./failures.ts";
import { watchWaiting } from "./waiting.ts";

/** Deploys a stack; meanwhile reports failures as soon as they are known, and what instances on engines wait for. */
export async function deploy(stack: Stack, settings: Settings, flags: readonly string[]): Promise<void> {
  const report = (failure: string) => print(`\n  failed: ${failure.replaceAll("\n", "\n  ")}\n`);
  const { engines } = capabilities[settings.platform];
  // Makes the CLI accept `--event-log`.
  process.env.PULUMI_DEBUG_COMMANDS = "true";
  await inTemporaryFolder(async (folder) => {
    const log = join(folder, "events");
    const ends = [
      watchFailures(log, clientsOf(settings), report),
      ...(engines ? [watchWaiting(stack.prefix, settings, print)] : []),
    ];
    const command = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--event-log", log, ...flags];
    try {
      await stack.pulumi(command, true);
    } finally {
      for (const end of ends) await end();
    }
  });
}
