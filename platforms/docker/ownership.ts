import { hasFlag } from "../../deploymentFlags.ts";
import { askEngine } from "../ask.ts";
import { clientCommand, type DeployedMachine } from "../machines.ts";
import { type Claim, type ClaimKind, type Found, installationLabel } from "../ownership/claims.ts";
import { keyOnMachine } from "../ownership/known.ts";
import { gist, isSilence } from "./preflight/complaints.ts";

const lists: readonly (readonly [kind: ClaimKind, name: string, ...command: string[]])[] = [
  ["container", "{{.Names}}", "container", "ls", "--all"],
  ["network", "{{.Name}}", "network", "ls"],
  ["volume", "{{.Name}}", "volume", "ls"],
];

/** True if no engine runs, or its machine is left out, so that nothing is made or removed there; other errors may hide data. */
function isAbsent(complaint: string): boolean {
  return hasFlag("continue-on-error")
    ? isSilence(complaint)
    : /Cannot connect|error during connect|spawn docker ENOENT/.test(complaint);
}

/**
 * Lists all containers, networks and volumes of an engine.
 * @param onAbsence is called if there is no engine
 * @throws Error when the engine is there, but does not answer the question
 */
export async function onEngine(
  machine: DeployedMachine | undefined,
  onAbsence?: () => void,
): Promise<Found[]> {
  const asked = lists.map(async ([kind, name, ...command]) => {
    const args = [...command, "--format", `${name} {{.Label "${installationLabel}"}}`];
    const { text, complaint } = await askEngine(machine, args);
    if (complaint !== undefined && !isAbsent(complaint)) {
      throw new Error(
        `Docker engine${machine ? ` of machine ${machine.name}` : ""}: its ${kind}s could not be listed: ${gist(complaint)}; expected a ` +
          `list, or data of another installation might be taken; run this again, or look with ${clientCommand(machine)} ${kind} ls`,
      );
    }
    if (complaint !== undefined) onAbsence?.();
    const lines = complaint === undefined ? text.split("\n").filter((line) => line !== "") : [];
    return lines.map((line): Found => {
      const [found = "", installation = ""] = line.split(" ");
      return { kind, name: found, machine, installation };
    });
  });
  return (await Promise.all(asked)).flat();
}

/**
 * Finds the resources that have claimed names on Docker engines.
 * @param onAbsence is called if there is no engine on a machine
 */
export async function onEngines(claims: readonly Claim[], onAbsence?: () => void): Promise<readonly Found[]> {
  const machines = new Map(claims.map(({ machine }) => [machine?.name, machine]));
  const found = await Promise.all([...machines.values()].map((machine) => onEngine(machine, onAbsence)));
  const claimed = new Set(claims.map(keyOnMachine));
  return found.flat().filter((one) => claimed.has(keyOnMachine(one)));
}
