import { capabilities } from "../../capabilities.ts";
import { builtHere } from "../../images/local.ts";
import { readText } from "../../settings/read/yaml/text.ts";
import { listBackups, placeOfBackups } from "../lib/backup/store.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { main, run } from "../lib/process.ts";
import { isAlive } from "../lib/recovery/recover.ts";
import { Stack } from "../lib/stack.ts";
import { type Deployment, deploymentTable, picked, readDeployments } from "../lib/upgrade/deployments.ts";
import { cutOff } from "../lib/upgrade/record.ts";
import { withVersion } from "../lib/upgrade/stackVersion.ts";
import { settingsIn } from "./checked.ts";
import { writeStackFile } from "./effects.ts";
import { up } from "./replaceData.ts";
import { textFor } from "./textFor.ts";

/** @throws Error if an image that was built here is gone */
async function checkImages({ number, images, revision }: Deployment): Promise<void> {
  for (const image of Object.values(images).filter((name) => name.startsWith(builtHere))) {
    const there = await run("docker", ["image", "ls", "--quiet", image]);
    if (there.trim() !== "") continue;
    throw new Error(
      `The image ${image} of deployment ${number} is gone; expected the project as it was then` +
        `${revision === undefined ? "" : ` (git checkout ${revision.replace("+", "")})`}, and npm run images.`,
    );
  }
}

/** Explains the way back to another schema: the backup that has it, and what would be lost. */
async function otherSchema(stack: Stack, { number, version }: Deployment, deployed: string): Promise<string> {
  const { backups } = await listBackups(await placeOfBackups(stack, stack.deployed()));
  const backup = backups.find((one) => one.version === version);
  const flag = stack.name === "dev" ? "" : ` --stack ${stack.name}`;
  const way = backup
    ? `Backup ${backup.id} has it: set airflow:version to ${version}, and npm run restore -- --from ${backup.id}${flag}. ` +
      `All that has happened since ${backup.at.slice(0, 16)} would be lost.`
    : `No backup of ${version} is among those of the stack; npm run restore takes a copy of one, too.`;
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
  const half = cutOff(stack, isAlive);
  if (half)
    throw new Error(
      `An upgrade of stack ${stack.name} to ${half.to} was cut off; npm run upgrade or npm run up ends it first.`,
    );
  const begin = Date.now();
  const present = readText(stack.file);
  const { images, platform } = stack.deployed();
  const wanted = picked(known, words[0], { text: present, images });
  const deployed = stack.deployedVersion() ?? (await stack.outputs()).version;
  if (wanted.version !== deployed) throw new Error(await otherSchema(stack, wanted, deployed));
  const named = textFor(wanted, settingsIn(stack, wanted.text));
  // The project's default may be another version than it was.
  const text =
    settingsIn(stack, named).version === wanted.version ? named : withVersion(named, wanted.version);
  const { dagsGit } = settingsIn(stack, text);
  if (capabilities[platform].engines) await checkImages(wanted);
  print(`Back to deployment ${wanted.number} of ${wanted.at.slice(0, 16)}, by ${wanted.who}`);
  if (!dagsGit)
    print(
      `  DAGs of a folder are those that are there; the project was at ${wanted.revision ?? "no revision"} then`,
    );
  writeStackFile(stack, text);
  await up(stack).catch((error: Error) => {
    throw new Error(
      `${error.message}\n${stack.file} is that of deployment ${wanted.number}, which did not come up; ` +
        "npm run rollback -- --list lists the others.",
    );
  });
  print(`Deployment ${wanted.number} is back after ${Math.round((Date.now() - begin) / 1000)} s.`);
});
