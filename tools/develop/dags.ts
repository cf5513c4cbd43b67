import { isAbsolute, relative } from "node:path";
import { capabilities } from "../../capabilities.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { userPath } from "../lib/commandLine/userPath.ts";
import { inContainer } from "../lib/dags/container.ts";
import { lastLogs, runDag } from "../lib/dags/follow.ts";
import { besideWorker } from "../lib/dags/scene.ts";
import { attach, main } from "../lib/process.ts";
import { overApi } from "../lib/reach/api.ts";
import { placeOfWorker } from "../lib/reach/place.ts";
import { Stack } from "../lib/stack.ts";
import { type DagsContext, dagsCommand, storedEntries, withTools } from "./toolsImage.ts";

/** Runs a command with its arguments; returns its exit code. */
type Work = (context: DagsContext, words: readonly string[]) => Promise<number>;

/** Returns the path of a file relative to the DAG folder; throws an Error if the file is elsewhere. */
function belowFolder(folder: string, file: string): string {
  const below = relative(folder, userPath(file));
  if (below.startsWith("..") || isAbsolute(below))
    throw new Error(`${file} is not below ${folder}; expected a DAG file.`);
  return below;
}

/** Runs a DAG or a task once, in a container beside a worker; in a cluster in a worker's pod. */
const test: Work = async (context, words) => {
  const { stack, settings, folder } = context;
  const place = await placeOfWorker(stack);
  const input = await storedEntries(context);
  const command = dagsCommand("test", words);
  if (!capabilities[settings.platform].engines)
    return attach(place.program, [...place.args, ...command], { input });
  return inContainer(await besideWorker(settings, place, folder), command, input);
};

/** Commands, each with its arguments and their least and greatest number. */
const commands: Readonly<Record<string, readonly [usage: string, least: number, most: number, Work]>> = {
  check: [
    "[FILE...]",
    0,
    Number.POSITIVE_INFINITY,
    (context, words) =>
      withTools(
        context,
        "check",
        words.map((file) => belowFolder(context.folder, file)),
      ),
  ],
  test: ["DAG [TASK]", 1, 2, test],
  pytest: [
    "[ARGUMENT...]",
    0,
    Number.POSITIVE_INFINITY,
    (context, words) => withTools(context, "pytest", words),
  ],
  run: [
    "DAG",
    1,
    1,
    (context, [dag = ""]) =>
      overApi(context.stack, context.settings, async (api) => ((await runDag(api, dag)) ? 0 : 1)),
  ],
  logs: [
    "DAG",
    1,
    1,
    (context, [dag = ""]) =>
      overApi(context.stack, context.settings, (api) => lastLogs(api, dag).then(() => 0)),
  ],
};

await main(async () => {
  const { flags, words } = commandLine("dags");
  const [name = "", ...rest] = words;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new Error(`The command is ${name}; expected ${Object.keys(commands).join(", ")}.`);
  const [usage, least, most, work] = command;
  if (rest.length < least || rest.length > most)
    throw new Error(`npm run dags -- ${name} has ${rest.length} argument(s); expected ${usage}.`);
  const stack = new Stack(flags.stack);
  const settings = stack.deployed();
  if (settings.dagsGit && flags.folder === undefined && !["run", "logs"].includes(name)) {
    throw new Error(
      `The DAGs of stack ${stack.name} are in ${settings.dagsGit.url}; expected --folder, your checkout.`,
    );
  }
  const folder = flags.folder === undefined ? settings.dags : userPath(flags.folder);
  process.exitCode = await work({ stack, settings, folder }, rest);
});
