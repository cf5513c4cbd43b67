import { askEngine } from "../ask.ts";
import { clientCommand, type DeployedMachine } from "../machines.ts";
import { type ClaimKind, installationLabel } from "./claims.ts";
import type { KnownOwnership } from "./known.ts";

/** Columns of {@link guestsIn}. */
const format = `{{.Names}}\t{{.State}}\t{{.Networks}}\t{{.Mounts}}\t{{.Label "${installationLabel}"}}`;

/**
 * Describes containers that are not the stack's and keep an engine from removing its networks or volumes.
 * @param list containers with their states, networks, volumes and installations, by tabs and commas
 * @param kinds of resources that are about to be removed
 */
export function guestsIn(
  list: string,
  { ids, names }: KnownOwnership,
  kinds: readonly ClaimKind[],
): string[] {
  return list.split("\n").flatMap((line) => {
    const [container = "", state, networks = "", volumes = "", installation = ""] = line.split("\t");
    // A killed deployment leaves containers that the state does not know.
    if (names.has(`container ${container}`) || ids.includes(installation)) return [];
    // A stopped container does not keep its network.
    const connected = state === "running" || state === "paused" ? networks.split(",") : [];
    const used = [
      ...connected.map((name) => `network ${name}`),
      ...volumes.split(",").map((name) => `volume ${name}`),
    ].filter((key) => names.has(key) && kinds.some((kind) => key.startsWith(`${kind} `)));
    return used.length > 0 ? [`container ${container} uses ${used.join(" and ")}`] : [];
  });
}

/**
 * Looks for containers that would end a removal in its middle. An engine that does not answer is reported by the removal.
 * @param machines of the stack; none for the default engine
 * @throws Error listing them, with commands that remove them
 */
export async function refuseGuests(
  machines: readonly DeployedMachine[],
  known: KnownOwnership,
  kinds: readonly ClaimKind[],
): Promise<void> {
  const engines = machines.length > 0 ? machines : [undefined];
  const lists = engines.map(async (machine) => {
    const { text } = await askEngine(machine, ["container", "ls", "--all", "--no-trunc", "--format", format]);
    return guestsIn(text.trimEnd(), known, kinds).map(
      (guest) => `  ${guest}; remove it with ${clientCommand(machine)} rm --force ${guest.split(" ")[1]}`,
    );
  });
  const found = (await Promise.all(lists)).flat();
  if (found.length > 0)
    throw new Error(
      `Nothing was removed: containers that are not the stack's use what it would remove; expected none:\n${found.join("\n")}`,
    );
}
