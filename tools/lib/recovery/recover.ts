import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { askCluster, askEngine } from "../../../platforms/ask.ts";
import { gist, silence } from "../../../platforms/docker/preflight/complaints.ts";
import {
  clientCommand,
  clientEnvironment,
  type DeployedMachine,
  machineIn,
  machineOf,
  machinesIn,
} from "../../../platforms/machines.ts";
import { installationLabel } from "../../../platforms/ownership/claims.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { printError } from "../commandLine/terminal.ts";
import { run } from "../process.ts";
import { providerOf } from "../state.ts";
import { stopOrphans } from "./orphans.ts";
import { holdsLock, isRunning } from "./owner.ts";
import { protectAgain } from "./protection.ts";

/** An operation whose end a CLI did not record. The state omits empty inputs, as components have. */
export interface Operation {
  readonly type: string;
  readonly resource: {
    readonly type: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
    /** URN and id of the resource's provider, with `::` between them. */
    readonly provider?: string;
  };
}

/** The way to a stack's cluster or engines. */
export interface Clients {
  /** Flags of kubectl. */
  readonly kubectl: readonly string[];
  /** Machines of the stack file; none means the Docker client's default engine. */
  readonly machines: readonly DeployedMachine[];
}

/** A resource missing from the state, whose name the next deployment cannot take or would not use again. */
interface Unrecorded {
  readonly name: string;
  /** Machine of the engine; undefined for the default engine, and in a cluster. */
  readonly machine?: DeployedMachine | undefined;
  /** Prints the id of each such resource. */
  readonly list: readonly [command: string, ...args: string[]];
  /** Commands to run one after the other, with the ids as arguments. */
  readonly remove: readonly (readonly [command: string, ...args: string[]])[];
}

type Inputs = Readonly<Record<string, unknown>>;

/** Returns a filter that excludes another installation's resources of the same name. */
function ownFilter(labels: unknown): string[] {
  const list: readonly { label: string; value: string }[] = Array.isArray(labels) ? labels : [];
  const id = list.find(({ label }) => label === installationLabel)?.value;
  return id === undefined ? [] : ["--filter", `label=${installationLabel}=${id}`];
}

function docker(kind: string, { name, labels }: Inputs, machine: Unrecorded["machine"]): Unrecorded[] {
  if (typeof name !== "string") return [];
  const all = kind === "container" ? ["--all"] : [];
  const rm = ["docker", kind, "rm"] as const;
  return [
    {
      name,
      machine,
      list: ["docker", kind, "ls", ...all, "--quiet", "--filter", `name=^/?${name}$`, ...ownFilter(labels)],
      // A worker may have become healthy meanwhile, and run tasks: it is stopped with its grace.
      remove:
        kind === "container"
          ? [
              ["docker", kind, "stop"],
              [...rm, "--force"],
            ]
          : [rm],
    },
  ];
}

/** Lists objects with random names, which a deployment would not use again; it takes over other objects by name. */
function kubernetes(kind: string, { metadata }: Inputs, kubectl: readonly string[]): Unrecorded[] {
  const { name, namespace } = (metadata ?? {}) as Inputs;
  if (typeof name !== "string" || typeof namespace !== "string") return [];
  const place = [...kubectl, "--namespace", namespace];
  return [
    {
      name,
      list: ["kubectl", ...place, "get", kind, name, "--ignore-not-found", "--output", "name"],
      remove: [["kubectl", ...place, "delete"]],
    },
  ];
}

/**
 * Lists the resources that must be removed. Others can be made again: a volume of the same name is the same volume.
 * @param deployed machines of the state, which has an engine's address even after the machine was removed from the stack file
 */
export function unrecordedResources(
  pending: readonly Operation[],
  { kubectl, machines }: Clients,
  deployed: readonly DeployedMachine[],
): Unrecorded[] {
  return pending.flatMap(({ type, resource }) => {
    const { inputs } = resource;
    if (type !== "creating" || !inputs) return [];
    const provider = providerOf(resource);
    const machine = machineOf(provider, machines, deployed);
    // Any other engine may have a running container of this name.
    if (!machine && machineIn(provider) !== undefined) return [];
    switch (resource.type) {
      case "docker:index/container:Container":
        return docker("container", inputs, machine);
      case "docker:index/network:Network":
        return docker("network", inputs, machine);
      case "kubernetes:core/v1:ConfigMap":
        return kubernetes("configmap", inputs, kubectl);
      case "kubernetes:core/v1:Secret":
        return kubernetes("secret", inputs, kubectl);
      default:
        return [];
    }
  });
}

/** True if a machine may stay away: it is down, or the stack file does not list it. The first machine has the data. */
function mayBeAway(machine: DeployedMachine, complaint: string, machines: Clients["machines"]): boolean {
  if (machine === machines[0]) return false;
  return !machines.some(({ name }) => name === machine.name) || silence(machine, complaint).down;
}

/**
 * Removes unrecorded resources, but for those on machines that may stay away, so that these block no command.
 * @throws Error when another engine or the cluster does not answer
 */
async function removeAll(all: readonly Unrecorded[], machines: Clients["machines"]): Promise<void> {
  const ask = ({ list: [lister, ...listing], machine }: Unrecorded) =>
    lister === "kubectl" ? askCluster(listing) : askEngine(machine, listing);
  // All at once, since a machine that is down answers only at the time limit.
  const answers = await Promise.all(all.map(async (one) => ({ ...one, ...(await ask(one)) })));
  for (const { name, machine, remove, list, text, complaint } of answers) {
    if (complaint !== undefined) {
      if (!machine || !mayBeAway(machine, complaint, machines))
        throw new Error(
          `${machine ? `machine ${machine.name}: ` : ""}${list.join(" ")} failed: ${complaint}; expected an answer, since the ` +
            `interrupted command had begun to make ${name}; run this again when there is one`,
        );
      const [, ...removing] = remove.at(-1) ?? [];
      printError(
        `  warning: machine ${machine.name} does not answer: ${gist(complaint)}; the interrupted command may have made ${name} ` +
          `there; if the machine comes back, run ${clientCommand(machine)} ${removing.join(" ")} ${name}`,
      );
      continue;
    }
    const ids = text.split("\n").filter((id) => id !== "");
    if (ids.length === 0) continue;
    printError(`  removing ${name}, which the interrupted command had begun to make`);
    const env = clientEnvironment(machine);
    for (const [remover, ...removing] of remove) await run(remover, [...removing, ...ids], { env });
  }
}

/** True if a lock belongs to a dead process of this machine, or was only partly written. */
function isDead(lock: string): boolean {
  try {
    const text = readFileSync(lock, "utf8");
    if (!text.endsWith("}")) return true;
    const owner: { pid: number; hostname: string; timestamp?: string } = JSON.parse(text);
    return owner.hostname === hostname() && !holdsLock(owner.pid, owner.timestamp);
  } catch {
    // A live owner removed the lock in the meantime.
    return false;
  }
}

/** True if another command works on the stack. */
export function isLocked(state: string, stack: string): boolean {
  return !locksOf(state, stack).every(isDead);
}

/** Lists the files that the CLI takes for locks of a stack, including temporary ones that a killed CLI may leave. */
function locksOf(state: string, stack: string): string[] {
  const folder = join(state, ".pulumi/locks/organization/airflow", stack);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.endsWith(".attrs"));
  return names.map((name) => join(folder, name));
}

/**
 * Cleans up after a CLI that was cut off: removes its lock, its plugins, and unfinished resources that are not in the
 * state. A CLI that got two interrupts leaves only such resources. Protects resources that a removal left unprotected.
 * @param state folder of the local state
 * @param pulumi runs the CLI on the stack
 */
export async function recover(
  state: string,
  stack: string,
  clients: Clients,
  pulumi: (...args: string[]) => Promise<string>,
): Promise<void> {
  const locks = locksOf(state, stack);
  if (!locks.every(isDead)) return;
  const { latest = {} } = readCheckpoint(state, stack) ?? {};
  const { pending_operations: pending = [] } = latest;
  if (locks.length > 0 || pending.length > 0) {
    printError("  cleaning up after the last command, which was cut off");
    await stopOrphans({ PULUMI_STACK: stack, PULUMI_BACKEND_URL: pathToFileURL(state).href });
    const deployed = machinesIn(latest.resources ?? []);
    await removeAll(unrecordedResources(pending, clients, deployed), clients.machines);
    for (const lock of locks) rmSync(lock);
  }
  if (pending.length > 0) {
    // The import comes last, since it clears pending operations: an interrupted recovery starts again.
    const file = join(state, `recovered.${stack}.json`);
    await pulumi("stack", "export", "--file", file);
    await pulumi("stack", "import", "--file", file);
    rmSync(file);
  }
  await protectAgain(state, stack, (owner) => !isRunning(owner), pulumi);
}
