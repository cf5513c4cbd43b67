import { readFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { capabilities } from "../../capabilities.ts";
import type { Packages } from "../../images/derived.ts";
import { derivedImage } from "../../images/derived.ts";
import { builtHere } from "../../images/local.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { ensureImages, ensurePackages } from "../images.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { inContainer } from "../lib/dags/container.ts";
import { lastLogs, runDag } from "../lib/dags/follow.ts";
import { bareScene, besideWorker } from "../lib/dags/scene.ts";
import { attach, main, project, run } from "../lib/process.ts";
import { overApi } from "../lib/reach/api.ts";
import { findPlace, placeOf } from "../lib/reach/place.ts";
import { Stack } from "../lib/stack.ts";

const helper = readFileSync(new URL("../lib/dags/inside.py", import.meta.url), "utf8");
const teller = readFileSync(new URL("../lib/dags/told.py", import.meta.url), "utf8");

/** A command's stack, and the folder of its DAGs. */
interface Subject {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly folder: string;
}

type Work = (subject: Subject, words: readonly string[]) => Promise<number>;

/** Builds, once, the stack's image of Airflow with ruff and pytest. */
async function toolsImage({ images, version, packages }: Settings): Promise<string> {
  if (packages) await ensurePackages(packages);
  else if (images.airflow.startsWith(builtHere)) await ensureImages(["airflow"], version);
  const tools: Packages = {
    base: images.airflow,
    requirements: join(project, "images/develop/requirements.txt"),
    systemPackages: [],
  };
  await ensurePackages(tools);
  return derivedImage(tools);
}

/** Asks the deployed stack for its connections and variables; without one there are none. */
async function told({ stack }: Subject): Promise<string> {
  const place = await findPlace(stack, "webserver");
  if (!place) {
    print(`  stack ${stack.name} does not run: DAGs see no connections and variables`);
    return "{}";
  }
  const { program, args, env } = place;
  const said = await run(program, [...args, "python", "-c", teller], { env });
  return said.trim().split("\n").at(-1) ?? "{}";
}

function inside(command: string, words: readonly string[]): string[] {
  return ["python", "-c", helper, command, ...words];
}

async function withTools(subject: Subject, command: string, words: readonly string[]): Promise<number> {
  const { settings, folder } = subject;
  const scene = bareScene(settings, await toolsImage(settings), folder);
  return inContainer(scene, inside(command, words), await told(subject));
}

/** Path of a file below the DAG folder. */
function belowFolder(folder: string, file: string): string {
  const below = relative(folder, resolve(file));
  if (below.startsWith("..") || isAbsolute(below))
    throw new Error(`${file} is not below ${folder}; expected a DAG file.`);
  return below;
}

/** Runs a DAG or a task once, in a container beside a worker; in a cluster in a worker's pod. */
const test: Work = async (subject, words) => {
  const { stack, settings, folder } = subject;
  const place = await placeOf(stack, settings.groups[0]?.name ?? "worker");
  const input = await told(subject);
  const command = inside("test", words);
  if (!capabilities[settings.platform].engines)
    return attach(place.program, [...place.args, ...command], { input });
  return inContainer(await besideWorker(settings, place, folder), command, input);
};

/** Commands, with the arguments that they take and their least and greatest number. */
const commands: Readonly<Record<string, readonly [spelt: string, least: number, most: number, Work]>> = {
  check: [
    "[FILE...]",
    0,
    Number.POSITIVE_INFINITY,
    (subject, words) =>
      withTools(
        subject,
        "check",
        words.map((file) => belowFolder(subject.folder, file)),
      ),
  ],
  test: ["DAG [TASK]", 1, 2, test],
  pytest: [
    "[ARGUMENT...]",
    0,
    Number.POSITIVE_INFINITY,
    (subject, words) => withTools(subject, "pytest", words),
  ],
  run: [
    "DAG",
    1,
    1,
    (subject, [dag = ""]) =>
      overApi(subject.stack, subject.settings, async (api) => ((await runDag(api, dag)) ? 0 : 1)),
  ],
  logs: [
    "DAG",
    1,
    1,
    (subject, [dag = ""]) =>
      overApi(subject.stack, subject.settings, (api) => lastLogs(api, dag).then(() => 0)),
  ],
};

await main(async () => {
  const { flags, words } = commandLine("dags");
  const [name = "", ...rest] = words;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new Error(`${name} is no command; expected ${Object.keys(commands).join(", ")}.`);
  const [spelt, least, most, work] = command;
  if (rest.length < least || rest.length > most) throw new Error(`expected npm run dags -- ${name} ${spelt}`);
  const stack = new Stack(flags.stack);
  const settings = stack.deployed();
  if (settings.dagsGit && flags.folder === undefined && !["run", "logs"].includes(name)) {
    throw new Error(
      `The DAGs of stack ${stack.name} are in ${settings.dagsGit.url}; expected --folder, your checkout.`,
    );
  }
  const folder = flags.folder === undefined ? settings.dags : resolve(flags.folder);
  process.exitCode = await work({ stack, settings, folder }, rest);
});
