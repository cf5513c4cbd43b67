import { readFileSync } from "node:fs";
import type { Answer } from "../../../platforms/ask.ts";
import { gist } from "../../../platforms/docker/preflight/complaints.ts";
import { isWorker, type MachineFacts, type TaskFacts } from "./table.ts";

const question = readFileSync(new URL("flower.py", import.meta.url), "utf8");

/** Seconds for Flower to answer: it waits some seconds for each silent worker. */
const answerSeconds = 60;

/**
 * Asks Flower inside its own container, which has its login: no port or password is needed here.
 * @param ask runs a command in Flower's container
 * @param machines of the stack, with Flower and its workers
 */
export async function taskFacts(
  ask: (command: readonly string[], seconds: number) => Promise<Answer>,
  machines: readonly MachineFacts[],
): Promise<TaskFacts> {
  const running = machines
    .flatMap((machine) => ("cause" in machine ? [] : machine.instances))
    .filter(({ state }) => state === "running")
    .map(({ name }) => name);
  if (!running.some((name) => name.startsWith("flower"))) return { cause: "Flower does not run" };
  const command = ["python", "-c", question, ...running.filter(isWorker)];
  const { text, complaint } = await ask(command, answerSeconds);
  return complaint === undefined ? JSON.parse(text) : { cause: gist(complaint) };
}
