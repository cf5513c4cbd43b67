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
const teller = readFileSync(new URL("../lib/dags/told.py", import.meta.url), "utf8");

/** A command's stack, and the folder of its DAGs. */
export interface Subject {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly folder: string;
}

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
export async function told({ stack }: Subject): Promise<string> {
  const place = await findPlace(stack, "webserver");
  if (!place) {
    print(`  stack ${stack.name} does not run: DAGs see no connections and variables`);
    return "{}";
  }
  const { program, args, env } = place;
  const said = await run(program, [...args, "python", "-c", teller], { env });
  return said.trim().split("\n").at(-1) ?? "{}";
}

export function inside(command: string, words: readonly string[]): string[] {
  return ["python", "-c", helper, command, ...words];
}

/** Runs a command of the program for DAGs in the stack's image with ruff and pytest; returns its exit code. */
export async function withTools(
  subject: Subject,
  command: string,
  words: readonly string[],
): Promise<number> {
  const { settings, folder } = subject;
  const scene = bareScene(settings, await toolsImage(settings), folder);
  return inContainer(scene, inside(command, words), await told(subject));
}
