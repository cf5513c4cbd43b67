import { isAbsolute, relative, resolve } from "node:path";
import { capabilities } from "../../capabilities.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { inContainer } from "../lib/dags/container.ts";
import { lastLogs, runDag } from "../lib/dags/follow.ts";
import { besideWorker } from "../lib/dags/scene.ts";
import { attach, main } from "../lib/process.ts";
import { overApi } from "../lib/reach/api.ts";
import { placeOfWorker } from "../lib/reach/place.ts";
import { Stack } from "../lib/stack.ts";
import { inside, type Subject, told, withTools } from "./toolsImage.ts";

type Work = (subject: Subject, words: readonly string[]) => Promise<number>;

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
  const place = await placeOfWorker(stack);
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
