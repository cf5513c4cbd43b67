import { readFileSync } from "node:fs";
import type { Machine } from "../../../platforms/machines.ts";
import { ask, cause } from "./ask.ts";
import { isWorker, type MachineFacts, type TaskFacts } from "./table.ts";

const question = readFileSync(new URL("flower.py", import.meta.url), "utf8");

/** Seconds for Flower to answer: it waits some seconds for each silent worker. */
const patience = 60;

/**
 * Asks Flower inside its own container, which has its login: no port or password is needed here.
 * @param way command that runs another command in Flower's container
 * @param machines of the stack, with Flower and its workers
 * @param home machine of Flower's container, on Docker
 */
export async function taskFacts(
  way: readonly [command: string, ...args: string[]],
  machines: readonly MachineFacts[],
  home?: Machine,
): Promise<TaskFacts> {
  const running = machines
    .flatMap((machine) => ("cause" in machine ? [] : machine.instances))
    .filter(({ state }) => state === "running")
    .map(({ name }) => name);
  if (!running.some((name) => name.startsWith("flower"))) return { cause: "Flower does not run" };
  const [command, ...args] = way;
  try {
    const asked = [...args, "python", "-c", question, ...running.filter(isWorker)];
    return JSON.parse(await ask(command, asked, patience, home));
  } catch (error) {
    return { cause: cause(error) };
  }
}
