import { askEngine } from "../../../platforms/ask.ts";
import { machinesOf } from "../../../platforms/machines.ts";
import { print } from "../commandLine/terminal.ts";
import type { RunOptions } from "../process.ts";
import { type Named, namedIn } from "../spare.ts";
import type { Stack } from "../stack.ts";
import { type Resource, readState } from "../state.ts";

/** True for what a removal deletes from an engine; what a program has minted is in the state alone. */
function isRemovable({ type, protect }: Resource): boolean {
  return type.startsWith("docker:") && !protect;
}

/** Returns the networks that a removal has left, if it has left nothing else on engines. */
export function networksAlone(named: readonly Named[], resources: readonly Resource[]): readonly Named[] {
  const networks = named.filter(({ claim }) => claim.kind === "network");
  const urns = new Set(networks.map(({ resource }) => resource.urn));
  return resources.filter(isRemovable).every(({ urn }) => urns.has(urn)) ? networks : [];
}

/** True if the engine refuses to remove a network for the endpoints in it, and lists no container there. */
async function isMiscounted({ claim: { name, machine } }: Named): Promise<boolean> {
  const { text } = await askEngine(machine, ["network", "inspect", "--format", "{{len .Containers}}", name]);
  if (text.trim() !== "0") return false;
  const { complaint = "" } = await askEngine(machine, ["network", "rm", name]);
  return complaint.includes("has active endpoints");
}

/** Lists the networks whose endpoints engines have miscounted, if a removal has left nothing else on engines. */
async function miscounted(stack: Stack): Promise<readonly Named[]> {
  const { resources = [] } = (await readState(stack)).deployment;
  const networks = networksAlone(namedIn(resources, machinesOf(stack.deployed())), resources);
  const found = await Promise.all(networks.map(isMiscounted));
  return found.every((one) => one) ? networks : [];
}

/**
 * Runs `pulumi destroy`. An engine that loses count of a network's endpoints refuses to remove that network until it starts
 * again, which Docker before version 28.1 does now and then when containers end at the same time: such a network stays in
 * the state, with what the program has minted, for the next deployment or removal.
 * @throws Error if anything else is left
 */
export async function destroy(
  stack: Stack,
  flags: readonly string[],
  show: RunOptions["show"] = false,
): Promise<void> {
  try {
    await stack.pulumi(["destroy", "--yes", "--skip-preview", ...flags], show);
  } catch (error) {
    const networks = await miscounted(stack);
    if (networks.length === 0) throw error;
    const list = networks.map(
      ({ claim: { name, machine } }) => `network ${name}${machine ? ` on machine ${machine.name}` : ""}`,
    );
    print(
      `All containers are removed, but not ${list.join(", ")}: the engine counts endpoints there, though it lists no container. ` +
        "The network does no harm, and the next npm run up uses it. To remove it, restart the engine, then run this command again.",
    );
  }
}
