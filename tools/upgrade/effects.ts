import { readFileSync, realpathSync, statSync } from "node:fs";
import { setFlags } from "../../deploymentFlags.ts";
import { writeWhole } from "../../platforms/wholeFile.ts";
import { readOpenState } from "../lib/backup/openState.ts";
import { backupKeysIn } from "../lib/backup/secretsState.ts";
import { placeOfBackups, saveBackup, takeBackup } from "../lib/backup/store.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { overApi } from "../lib/reach/api.ts";
import type { Stack } from "../lib/stack.ts";
import { hasSucceeded, readOutputs, readState } from "../lib/state.ts";
import { readDeployments } from "../lib/upgrade/deployments.ts";
import { drain } from "../lib/upgrade/drain.ts";
import { copyOf, keptOf } from "../lib/upgrade/record.ts";
import type { Effects } from "../lib/upgrade/upgrade.ts";
import { replaceData, up } from "./replaceData.ts";

/** Returns the text of a stack file without its version. */
function withoutVersion(text: string): string {
  const lines = text.split("\n").filter((line) => !/^\s*["']?airflow:version\b/.test(line));
  return lines.join("\n").trim();
}

/** Writes a stack file, which may be a link; copies its present text beside it unless that was deployed and proven here. */
export function writeStackFile(stack: Stack, text: string): void {
  const file = realpathSync(stack.file);
  const present = readFileSync(file, "utf8");
  const known = [text, ...readDeployments(stack).map((made) => made.text)].map(withoutVersion);
  if (!known.includes(withoutVersion(present))) {
    writeWhole(`${file}.edited`, present, statSync(file).mode);
    print(
      `  the present text of ${stack.file}, which is no deployment that was proven here, is in ${stack.file}.edited`,
    );
  }
  writeWhole(file, text, statSync(file).mode);
}

/** Returns a function that prints a line with the seconds since this call. */
export function stopwatch(): (line: string) => void {
  const begin = Date.now();
  return (line) => print(`[${Math.round((Date.now() - begin) / 1000)} s] ${line}`);
}

/**
 * Removes the schedulers' instances from engine and state, so that any deployment makes them again; database and backups
 * do not show that they were gone.
 */
async function removeSchedulers(stack: Stack): Promise<void> {
  const { resources = [] } = (await readState(stack)).deployment;
  const instances = resources.filter(
    ({ urn, type }) => urn.includes("airflow:index:Scheduler$") && type !== "",
  );
  if (instances.length === 0) return;
  const targets = instances.flatMap(({ urn }) => ["--target", urn]);
  await stack.pulumi(["destroy", "--yes", "--skip-preview", "--suppress-outputs", ...targets], true);
}

/** Returns the effects of an upgrade on a stack, whose running tasks have `limit` seconds to end. */
export function effectsOn(stack: Stack, limit: number, report = stopwatch()): Effects {
  // Marks the deployments of the upgrade itself, which must not look for an upgrade that was cut off.
  const deploy = async () => {
    setFlags({ upgrade: true });
    await up(stack);
  };
  return {
    kept: keptOf(stack),
    report,
    hasReturned: async () => {
      const { resources = [] } = (await readState(stack)).deployment;
      return resources.some((job) => job.urn.includes("airflow:index:Restoration$") && hasSucceeded(job));
    },
    hasMigrated: async (version) => (await readOutputs(stack)).version === version,
    writeStackFile: (text) => writeStackFile(stack, text),
    pause: () => removeSchedulers(stack),
    drain: () => overApi(stack, stack.deployed(), (api) => drain(api, limit, report)),
    backUp: async () => {
      const place = await placeOfBackups(stack, stack.deployed());
      const { id, at } = await takeBackup(place);
      await saveBackup(place, id, copyOf(stack));
      return { id, at };
    },
    stop: () => stack.destroyAllButData(),
    deploy,
    putBack: async () => {
      const keys = backupKeysIn(await readOpenState(stack));
      await replaceData(stack, { file: copyOf(stack), keys });
    },
  };
}
