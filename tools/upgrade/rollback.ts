import { capabilities } from "../../capabilities.ts";
import { builtHere } from "../../images/local.ts";
import { stackFlag } from "../../settings/model/names/stackFlag.ts";
import { readText } from "../../settings/read/yaml/text.ts";
import { listBackups, placeOfBackups } from "../lib/backup/store.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { main } from "../lib/process.ts";
import { askedEngine } from "../lib/reach/asked.ts";
import { Stack } from "../lib/stack.ts";
import {
  deploymentTable,
  type ProvenDeployment,
  picked,
  readDeployments,
} from "../lib/upgrade/deployments.ts";
import { interruptedUpgrade } from "../lib/upgrade/record.ts";
import { withVersion } from "../lib/upgrade/stackVersion.ts";
import { settingsIn } from "./checked.ts";
import { writeStackFile } from "./effects.ts";
import { up } from "./replaceData.ts";
import { textFor, withSecretsOf } from "./textFor.ts";

/** Checks that the engine still has the images that were built here; throws an Error if one is gone. */
async function checkImages({ number, images, revision }: ProvenDeployment): Promise<void> {
  for (const image of Object.values(images).filter((name) => name.startsWith(builtHere))) {
    const ids = await askedEngine(undefined, ["image", "ls", "--quiet", image]);
    if (ids.trim() !== "") continue;
    throw new Error(
      `The image ${image} of deployment ${number} is gone; expected it on the engine: npm run images builds it ` +
        `in the project of that time${revision === undefined ? "" : ` (git checkout ${revision.replace("+", "")})`}.`,
    );
  }
}

/** Explains the way back to another schema: the backup that has it, and what would be lost. */
async function otherSchema(
  stack: Stack,
  { number, version }: ProvenDeployment,
  deployed: string,
): Promise<string> {
  const settings = stack.deployed();
  const { backups } = await listBackups(await placeOfBackups(stack, settings), settings);
  const backup = backups.find((one) => one.version === version);
  const way = backup
    ? `Backup ${backup.id} has it: set airflow:version to ${version}, then npm run restore -- --from ${backup.id}` +
      `${stackFlag(stack.name)}. All changes since ${backup.at.slice(0, 16)} would be lost.`
    : `The stack has no backup of ${version}; expected a copy of one: npm run restore -- --from FILE${stackFlag(stack.name)}.`;
  return `Deployment ${number} ran Airflow ${version}, and the database has the schema of ${deployed}. ${way}`;
}

await main(async () => {
  const { flags, words } = commandLine("rollback");
  const stack = new Stack(flags.stack);
  const known = readDeployments(stack);
  if (flags.list) {
    print(deploymentTable(known, new Date()));
    return;
  }
  const half = await interruptedUpgrade(stack);
  if (half)
    throw new Error(
      `An upgrade of stack ${stack.name} to ${half.to} was cut off; npm run upgrade or npm run up ends it first.`,
    );
  const begin = Date.now();
  const present = readText(stack.file);
  const { images, platform } = stack.deployed();
  const withSecrets = known.map((made) => ({ ...made, text: withSecretsOf(present, made.text) }));
  const wanted = picked(withSecrets, words[0], { text: present, images });
  const deployed = stack.deployedVersion() ?? (await stack.outputs()).version;
  if (wanted.version !== deployed) throw new Error(await otherSchema(stack, wanted, deployed));
  const pinned = textFor(wanted, settingsIn(stack, wanted.text));
  // The default version may differ from that of the deployment's time.
  const text =
    settingsIn(stack, pinned).version === wanted.version ? pinned : withVersion(pinned, wanted.version);
  const { dagsGit } = settingsIn(stack, text);
  if (capabilities[platform].engines) await checkImages(wanted);
  print(`Back to deployment ${wanted.number} of ${wanted.at.slice(0, 16)}, by ${wanted.who}`);
  print(
    "  secrets stay as they are: secretGenerations and previousSecrets are those of the present stack file",
  );
  if (!dagsGit)
    print(`  DAGs of a folder stay as they are; the project was at ${wanted.revision ?? "no revision"} then`);
  writeStackFile(stack, text);
  await up(stack).catch((error: Error) => {
    throw new Error(
      `${error.message}\nDeployment ${wanted.number} did not come up; ${stack.file} has its text. ` +
        "npm run rollback -- --list lists the others.",
    );
  });
  print(`Deployment ${wanted.number} is back after ${Math.round((Date.now() - begin) / 1000)} s.`);
});
