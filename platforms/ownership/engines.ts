import type { DockerMachine } from "../machines.ts";
import { askEngine } from "../preflight/ask.ts";
import type { Claim, Found, Kind } from "./claims.ts";
import { installationLabel } from "./installation.ts";

const lists: readonly (readonly [kind: Kind, name: string, ...command: string[]])[] = [
  ["container", "{{.Names}}", "container", "ls", "--all"],
  ["network", "{{.Name}}", "network", "ls"],
  ["volume", "{{.Name}}", "volume", "ls"],
];

/** All that an engine has; nothing if it does not answer, which is told by whoever needs it. */
export async function onEngine(machine: DockerMachine | undefined): Promise<Found[]> {
  const asked = lists.map(async ([kind, name, ...command]) => {
    const format = `${name} {{.Label "${installationLabel}"}}`;
    const { text, complaint } = await askEngine(machine, [...command, "--format", format]);
    const lines = complaint === undefined ? text.split("\n").filter((line) => line !== "") : [];
    return lines.map((line): Found => {
      const [found = "", installation = ""] = line.split(" ");
      return { kind, name: found, machine, installation };
    });
  });
  return (await Promise.all(asked)).flat();
}

/** What has the claimed names on Docker engines. */
export async function onEngines(claims: readonly Claim[]): Promise<readonly Found[]> {
  const machines = new Map(claims.map(({ machine }) => [machine?.name, machine]));
  const found = await Promise.all([...machines.values()].map(onEngine));
  const key = ({ kind, name, machine }: Claim) => `${kind} ${name} ${machine?.name}`;
  const claimed = new Set(claims.map(key));
  return found.flat().filter((one) => claimed.has(key(one)));
}
