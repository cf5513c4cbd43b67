import { type Answer, askCluster, askEngine } from "../../../platforms/ask.ts";
import { gist, isSilence, silence } from "../../../platforms/docker/preflight/complaints.ts";
import type { DeployedMachine } from "../../../platforms/machines.ts";
import { printError } from "../commandLine/terminal.ts";
import { reporting } from "../process.ts";

/** Waits for an answer, and says so beside the standard output, which may be data. */
async function answerOf(
  place: string,
  question: string,
  asked: Promise<Answer>,
  fault: (complaint: string) => string,
): Promise<string> {
  const { text, complaint } = await reporting(`waiting for ${place}`, asked, printError);
  if (complaint === undefined) return text;
  throw new Error(`${place} did not answer ${question}: ${fault(complaint)}`);
}

/**
 * Asks the engine of a machine, or the Docker client's default engine, within a time limit.
 * @throws Error that names the engine, with the cause and the fix, when it does not answer or refuses
 */
export function askedEngine(machine: DeployedMachine | undefined, args: readonly string[]): Promise<string> {
  const place = machine ? `machine ${machine.name}` : "the Docker engine";
  return answerOf(place, `docker ${args[0]}`, askEngine(machine, args), (complaint) => {
    if (machine && isSilence(complaint)) return silence(machine, complaint).fault;
    return `${gist(complaint)}${machine ? "" : "; expected an answer; try docker info"}`;
  });
}

/**
 * Asks the cluster of a stack within a time limit.
 * @param flags of kubectl, which select cluster and namespace
 * @throws Error that names the cluster when it does not answer or refuses
 */
export function askedCluster(flags: readonly string[], args: readonly string[]): Promise<string> {
  const asked = askCluster([...flags, ...args]);
  return answerOf("the cluster", `kubectl ${args[0]} ${args[1]}`, asked, (complaint) => {
    return `${gist(complaint)}; expected an answer; try kubectl ${[...flags, "get pods"].join(" ")}`;
  });
}
