import { readFileSync } from "node:fs";
import { join } from "node:path";
import { derivedImage, type Packages } from "../../images/derived.ts";
import { builtHere } from "../../images/local.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { ensureImages, ensurePackages } from "../images.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { inContainer } from "../lib/dags/container.ts";
import { bareScene } from "../lib/dags/scene.ts";
import { project, run } from "../lib/process.ts";
import { findPlace } from "../lib/reach/place.ts";
import type { Stack } from "../lib/stack.ts";

const helper = readFileSync(new URL("../lib/dags/inside.py", import.meta.url), "utf8");
const exporter = readFileSync(new URL("../lib/dags/stored.py", import.meta.url), "utf8");

/** Stack of a command, and the folder of the DAGs that the command works on. */
export interface DagsContext {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly folder: string;
}

/** Builds the stack's image of Airflow with ruff and pytest, unless the engine has it; returns its name. */
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

/** Reads the connections and variables of the deployed stack, as JSON; none if it does not run. */
export async function storedEntries({ stack }: DagsContext): Promise<string> {
  const place = await findPlace(stack, "webserver");
  if (!place) {
    print(`  stack ${stack.name} does not run: DAGs see neither connections nor variables`);
    return "{}";
  }
  const { program, args, env } = place;
  const output = await run(program, [...args, "python", "-c", exporter], { env });
  return output.trim().split("\n").at(-1) ?? "{}";
}

/** Returns the command line of the program for DAGs, which runs in a container. */
export function dagsCommand(command: string, words: readonly string[]): string[] {
  return ["python", "-c", helper, command, ...words];
}

/** Program that prints the version of Airflow, and fails, if the version is another one than its argument. */
const versionCheck = `import sys
from importlib.metadata import version

has = version("apache-airflow")
if has.split("+")[0] != sys.argv[1]:
    sys.exit(f"  the image has Airflow {has}")
`;

/** Returns the command that compares the version of Airflow in an image. */
export function comparing(wanted: string): string[] {
  return ["python", "-c", versionCheck, wanted];
}

/** True if the stack's image has the version of its settings; prints the image's version otherwise. */
export async function hasVersion(settings: Settings): Promise<boolean> {
  const scene = bareScene(settings, await toolsImage(settings), settings.dags);
  const alone = { ...scene, files: [], flags: ["--network", "none"] };
  return (await inContainer(alone, comparing(settings.version), "")) === 0;
}

/** Runs a command of the program for DAGs in the stack's image with ruff and pytest; returns its exit code. */
export async function withTools(
  context: DagsContext,
  command: string,
  words: readonly string[],
): Promise<number> {
  const { settings, folder } = context;
  const scene = bareScene(settings, await toolsImage(settings), folder);
  return inContainer(scene, dagsCommand(command, words), await storedEntries(context));
}
