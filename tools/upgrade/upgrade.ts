import { capabilities } from "../../capabilities.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { readText } from "../../settings/read/yaml/text.ts";
import { isOlder } from "../../settings/schema/versions.ts";
import { withTools } from "../develop/toolsImage.ts";
import { prepareImages } from "../images.ts";
import { placeOfBackups } from "../lib/backup/store.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { userPath } from "../lib/commandLine/userPath.ts";
import { main } from "../lib/process.ts";
import { isAlive } from "../lib/recovery/recover.ts";
import { Stack } from "../lib/stack.ts";
import { readDeployments } from "../lib/upgrade/deployments.ts";
import { cutOff } from "../lib/upgrade/record.ts";
import { withVersion } from "../lib/upgrade/stackVersion.ts";
import { goOn, resume, type Upgrade } from "../lib/upgrade/upgrade.ts";
import { settingsIn } from "./checked.ts";
import { effectsOn, stopwatch } from "./effects.ts";
import { rehearse } from "./rehearsal.ts";

/** Seconds that running tasks have to end. */
const drainSeconds = 600;

type Flags = ReturnType<typeof commandLine<"upgrade">>["flags"];

function secondsOf({ limit }: Flags): number {
  if (limit === undefined) return drainSeconds;
  if (/^\d{1,6}$/.test(limit)) return Number(limit);
  throw new Error(`--limit is ${limit}; expected seconds, a whole number.`);
}

/** Plans an upgrade: from the deployed version and its stack file to the same file with another version. */
async function planned(stack: Stack, to: string): Promise<Upgrade> {
  const from = stack.deployedVersion() ?? (await stack.outputs()).version;
  if (from === undefined)
    throw new Error(`Nothing is deployed of stack ${stack.name}: set airflow:version, and npm run up.`);
  if (from === to) throw new Error(`Stack ${stack.name} runs ${to} already.`);
  if (isOlder(to, from))
    throw new Error(
      `--to is ${to}; expected a newer version than ${from}, whose database cannot go back. ` +
        "npm run rollback says which backup has an older one.",
    );
  const text = readText(stack.file);
  const [latest] = readDeployments(stack);
  const before = withVersion(latest?.version === from ? latest.text : text, from);
  return { from, to, step: "pausing", before, after: withVersion(text, to) };
}

async function checkDags(stack: Stack, settings: Settings, flags: Flags): Promise<void> {
  if (settings.dagsGit && flags.folder === undefined)
    throw new Error(
      `The DAGs of stack ${stack.name} are in ${settings.dagsGit.url}; expected --folder, your checkout, to check them.`,
    );
  const folder = flags.folder === undefined ? settings.dags : userPath(flags.folder);
  if ((await withTools({ stack, settings, folder }, "check", [])) !== 0)
    throw new Error(`These DAGs do not run on Airflow ${settings.version}, see above. Nothing was touched.`);
}

await main(async () => {
  const { flags } = commandLine("upgrade");
  const stack = new Stack(flags.stack);
  const limit = secondsOf(flags);
  const tell = stopwatch();
  const effects = effectsOn(stack, limit, tell);
  const half = cutOff(stack, isAlive);
  const { to } = flags;
  if (half) {
    if (to !== undefined && to !== half.to)
      throw new Error(
        `--to is ${to}, and an upgrade to ${half.to} was cut off; expected npm run upgrade to end it.`,
      );
    return resume(half, effects, true);
  }
  if (to === undefined)
    throw new Error("--to is missing; expected a version: npm run upgrade -- --to VERSION");
  const upgrade = await planned(stack, to);
  const settings = settingsIn(stack, upgrade.after);
  await placeOfBackups(stack, settingsIn(stack, upgrade.before));
  tell(`1 Settings fit ${to}; images, and DAGs on the new image`);
  if (capabilities[settings.platform].engines) await prepareImages(settings);
  await checkDags(stack, settings, flags);
  tell(`2 Rehearsal: the migration of a fresh backup, in a throwaway Postgres`);
  tell(`2 ${await rehearse(stack, settings)}`);
  if (flags.rehearse) {
    print("Nothing was touched. Without --rehearse, the upgrade goes on from here.");
    return;
  }
  await goOn(upgrade, effects);
  tell(
    `Stack ${stack.name} runs ${to}. ${stack.file} says so, and npm run backup -- --list has the backup from before.`,
  );
});
