import { readFileSync } from "node:fs";
import type { Machine } from "../../../platforms/machines.ts";
import { ask, cause } from "./ask.ts";
import { isWorker, type MachineFacts, type TaskFacts } from "./table.ts";

const question = readFileSync(new URL("flower.py", import.meta.url), "utf8");

/** Seconds that Flower has for an answer: it asks each worker, and a silent one for some seconds. */
const patience = 60;

/**
 * Asks Flower in its own container, where its login is: neither a port nor a password is needed here.
 * @param way what runs a command beside Flower
 * @param machines of the stack; Flower and its workers are among what runs there
 * @param home the machine of the container, on Docker
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
