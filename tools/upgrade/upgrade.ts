import { capabilities } from "../../capabilities.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { readText } from "../../settings/read/yaml/text.ts";
import { isOlder } from "../../settings/schema/versions.ts";
import { hasVersion, withTools } from "../develop/toolsImage.ts";
import { prepareImages } from "../images.ts";
import { placeOfBackups } from "../lib/backup/store.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { userPath } from "../lib/commandLine/userPath.ts";
import { main } from "../lib/process.ts";
import { Stack } from "../lib/stack.ts";
import { readState } from "../lib/state.ts";
import { deployedText, readDeployments } from "../lib/upgrade/deployments.ts";
import { interruptedUpgrade } from "../lib/upgrade/record.ts";
import { withVersion } from "../lib/upgrade/stackVersion.ts";
import { goOn, resume, type Upgrade } from "../lib/upgrade/upgrade.ts";
import { settingsIn } from "./checked.ts";
import { effectsOn, stopwatch } from "./effects.ts";
import { imageFault } from "./guard.ts";
import { rehearse } from "./rehearsal/rehearsal.ts";

/** Default seconds that running tasks have to end. */
const drainSeconds = 600;

type Flags = ReturnType<typeof commandLine<"upgrade">>["flags"];

function secondsOf({ limit }: Flags): number {
  if (limit === undefined) return drainSeconds;
  if (/^\d{1,6}$/.test(limit)) return Number(limit);
  throw new Error(`--limit is ${limit}; expected a whole number of seconds from 0 to 999999.`);
}

/** Plans an upgrade: from the deployed version and its stack file to the same file with another version. */
async function planned(stack: Stack, to: string): Promise<Upgrade> {
  const from = stack.deployedVersion() ?? (await stack.outputs()).version;
  if (from === undefined)
    throw new Error(`Stack ${stack.name} is not deployed; expected airflow:version, and npm run up.`);
  if (from === to) throw new Error(`--to is ${to}, which runs already; expected a newer version.`);
  if (isOlder(to, from))
    throw new Error(
      `--to is ${to}; expected a newer version than ${from}, since its database cannot be downgraded. ` +
        "npm run rollback names the backup with an older version.",
    );
  const text = readText(stack.file);
  const { time } = (await readState(stack)).deployment.manifest ?? {};
  const before = withVersion(deployedText(readDeployments(stack), from, time) ?? text, from);
  return { from, to, step: "pausing", before, after: withVersion(text, to) };
}

/** Compares the version in the stack's image with the version asked for: `images.airflow` may name an image of another one. */
async function checkImage(stack: Stack, settings: Settings): Promise<void> {
  const { version, packages } = settings;
  const image = packages?.base ?? settings.images.airflow;
  const tagged = imageFault(image, version);
  if (tagged === undefined && (await hasVersion(settings))) return;
  throw new Error(
    `${stack.file}: images.airflow is ${tagged ?? `${image}, see above`}; expected an image with Airflow ${version}. Nothing was touched.`,
  );
}

async function checkDags(stack: Stack, settings: Settings, flags: Flags): Promise<void> {
  if (settings.dagsGit && flags.folder === undefined)
    throw new Error(
      `The DAGs of stack ${stack.name} are in ${settings.dagsGit.url}; expected --folder FOLDER, a checkout of them to check.`,
    );
  const folder = flags.folder === undefined ? settings.dags : userPath(flags.folder);
  if ((await withTools({ stack, settings, folder }, "check", [])) !== 0)
    throw new Error(`${folder}: DAGs do not run on ${settings.version}, see above; nothing was touched.`);
}

await main(async () => {
  const { flags } = commandLine("upgrade");
  const stack = new Stack(flags.stack);
  const limit = secondsOf(flags);
  const report = stopwatch();
  const effects = effectsOn(stack, limit, report);
  const half = await interruptedUpgrade(stack);
  const { to } = flags;
  if (half) {
    if (to !== undefined && to !== half.to)
      throw new Error(
        `--to is ${to}, but an upgrade to ${half.to} was cut off; expected npm run upgrade without --to, which finishes it.`,
      );
    return resume(half, effects, true);
  }
  if (to === undefined)
    throw new Error("--to is missing; expected a version: npm run upgrade -- --to VERSION");
  const upgrade = await planned(stack, to);
  const settings = settingsIn(stack, upgrade.after);
  await placeOfBackups(stack, settingsIn(stack, upgrade.before));
  report(`1 Settings fit ${to}; images, and DAGs on the new image`);
  if (capabilities[settings.platform].engines) await prepareImages(settings);
  await checkImage(stack, settings);
  await checkDags(stack, settings, flags);
  report(`2 Rehearsal: the migration of a fresh backup, in a throwaway Postgres`);
  report(`2 ${await rehearse(stack, settings)}`);
  if (flags.rehearse) {
    print("Nothing was touched. Without --rehearse, the upgrade would continue here.");
    return;
  }
  await goOn(upgrade, effects);
  report(
    `Stack ${stack.name} runs ${to}, as in ${stack.file}; npm run backup -- --list shows the backup from before.`,
  );
});
