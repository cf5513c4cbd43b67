import { join } from "node:path";
import { capabilities } from "../../../capabilities.ts";
import { clientEnvironment, machineOf, machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { print } from "../commandLine/terminal.ts";
import { namespaceFlags } from "../reach/kubernetes.ts";
import type { Stack } from "../stack.ts";
import { type ExportedState, glanceAtState, hasSucceeded, isJob } from "../state.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";
import { watchFailures } from "./failures.ts";
import { scaleFreed } from "./freed.ts";
import { withoutMissing } from "./missing.ts";
import { watchWaiting } from "./waiting.ts";

/** Runs jobs on engines again that have failed; a cluster's jobs have an annotation for that. */
export function rerunning({ deployment: { resources = [] } }: ExportedState): string[] {
  const failed = resources.filter((one) => isJob(one) && !hasSucceeded(one));
  return failed.flatMap(({ urn }) => ["--replace", urn]);
}

/** Deploys a stack; meanwhile reports failures as soon as they are known, and what instances on engines wait for. */
export async function deploy(stack: Stack, settings: Settings, flags: readonly string[]): Promise<void> {
  const report = (failure: string) => print(`\n  failed: ${failure.replaceAll("\n", "\n  ")}\n`);
  const { engines } = capabilities[settings.platform];
  const machines = machinesOf(settings);
  // Makes the CLI accept `--event-log`.
  process.env.PULUMI_DEBUG_COMMANDS = "true";
  await inTemporaryFolder(async (folder) => {
    const log = join(folder, "events");
    const ends = [
      watchFailures(log, (provider) => clientEnvironment(machineOf(provider, machines)), report),
      ...(engines ? [watchWaiting(stack.prefix, settings, print)] : []),
    ];
    const before = await glanceAtState(stack);
    const again = engines ? rerunning(await withoutMissing(stack, settings, before)) : [];
    const all = ["--yes", "--skip-preview", "--suppress-outputs", "--event-log", log, ...flags, ...again];
    try {
      await stack.pulumi(["up", ...all], true);
    } finally {
      for (const end of ends) await end();
    }
    if (!engines) await scaleFreed(before, await glanceAtState(stack), namespaceFlags(stack, settings));
  });
}
