import { clientEnvironment, type DeployedMachine } from "../../platforms/machines.ts";
import { print } from "./commandLine/terminal.ts";
import { run } from "./process.ts";
import { askedEngine } from "./reach/asked.ts";

/**
 * Stops the workers of a machine, which first finish their tasks.
 * @param prefix of the names of the stack's containers
 * @returns function that starts the workers which are still there, for a deployment that failed before it removed them
 * @throws Error when the machine does not answer
 */
export async function stopWorkers(machine: DeployedMachine, prefix: string): Promise<() => Promise<void>> {
  const { name } = machine;
  const env = clientEnvironment(machine);
  const list = ["ps", "--quiet", "--filter", `name=^/?${prefix}-worker-`, "--filter", `network=${prefix}`];
  const listed = await askedEngine(machine, list).catch((error) => {
    throw new Error(
      `machine ${name}, which the stack no longer lists, does not answer; expected an answer, so that its workers can ` +
        `finish their tasks. Start it, or, if it is permanently gone: npm run forget -- ${name}\n${error.message}`,
    );
  });
  const workers = listed.split("\n").filter((id) => id !== "");
  if (workers.length === 0) return async () => {};
  print(`  ${name}: ${workers.length} worker(s) finish their tasks`);
  await run("docker", ["stop", ...workers], { env });
  return async () => {
    const present = (await run("docker", [...list, "--all"], { env })).split("\n");
    const stopped = workers.filter((id) => present.includes(id));
    if (stopped.length > 0) await run("docker", ["start", ...stopped], { env });
  };
}
