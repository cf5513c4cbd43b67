import { readFileSync } from "node:fs";
import { gist } from "../../../platforms/docker/preflight/complaints.ts";
import { instancesOn, isWorker, type MachineFacts, runningOf, type TaskFacts } from "./facts.ts";
import type { Exec } from "./inside.ts";

const question = readFileSync(new URL("flower.py", import.meta.url), "utf8");

/** Seconds for Flower to answer: it waits some seconds for each silent worker. */
const answerSeconds = 60;

/**
 * Asks Flower in its own container, which has Flower's login, so that no port or password is needed here.
 * @param machines machines of the stack, with the instances of Flower and workers
 */
export async function taskFacts(exec: Exec, machines: readonly MachineFacts[]): Promise<TaskFacts> {
  const flower = runningOf(machines, "flower");
  if (!flower) return { cause: "Flower does not run" };
  const workers = machines
    .flatMap(instancesOn)
    .filter(({ name, state }) => state === "running" && isWorker(name))
    .map(({ name }) => name);
  const command = ["python", "-c", question, ...workers];
  const { text, complaint } = await exec(flower.machine, flower.name, command, answerSeconds);
  return complaint === undefined ? JSON.parse(text) : { cause: gist(complaint) };
}
