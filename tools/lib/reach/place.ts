import { forPlatform } from "../../../capabilities.ts";
import { clientEnvironment, homeOf, type Machine, machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { run } from "../process.ts";
import { namespaceFlags } from "../reach/kubernetes.ts";
import type { Stack } from "../stack.ts";

/** Where an instance of a stack runs. */
export interface Place {
  /** Name of its container or pod. */
  readonly name: string;
  /** Machine of its engine; without one the Docker client's default engine, or a cluster. */
  readonly machine: Machine | undefined;
  /** Command that runs others in it, up to the client's own flags. */
  readonly exec: readonly [program: string, ...args: readonly string[]];
}

/** Name of the first instance of a service that may have several. */
function names(service: string): readonly string[] {
  return [service, `${service}-1`];
}

async function onEngine(stack: Stack, settings: Settings, service: string): Promise<Place | undefined> {
  const machines = machinesOf(settings);
  const group = settings.groups.find(
    ({ name }) => names(name).includes(service) || service.startsWith(`${name}-`),
  );
  const machine =
    machines.find(({ name }) => name === group?.machine) ?? homeOf(group?.name ?? service, machines);
  for (const name of names(service).map((one) => `airflow-${stack.name}-${one}`)) {
    const filters = ["--filter", `name=^/?${name}$`, "--filter", `network=airflow-${stack.name}`];
    const found = await run("docker", ["ps", "--quiet", ...filters], { env: clientEnvironment(machine) });
    if (found.trim() !== "") return { name, machine, exec: ["docker", "exec"] };
  }
  return undefined;
}

async function inCluster(stack: Stack, _settings: Settings, service: string): Promise<Place | undefined> {
  const flags = namespaceFlags(stack);
  const list = ["get", "pods", "--field-selector", "status.phase=Running", "--output", "name"];
  const pods = await run("kubectl", [...flags, ...list]);
  // `pod/scheduler-5d4f-x2x`, `pod/worker-1`
  const all = pods
    .trim()
    .split("\n")
    .map((line) => line.replace(/^pod\//, ""));
  const name =
    all.find((pod) => pod === service) ??
    all.find((pod) => new RegExp(`^${service}(-\\d+|-[a-z0-9]+-[a-z0-9]+)$`).test(pod));
  return name === undefined ? undefined : { name, machine: undefined, exec: ["kubectl", ...flags, "exec"] };
}

/** Finds a running instance of a service: `scheduler`, `worker`, `worker-gpu-2`. */
export function placeOf(stack: Stack, settings: Settings, service: string): Promise<Place | undefined> {
  const find = forPlatform(settings.platform, { docker: onEngine, kubernetes: inCluster });
  return find(stack, settings, service);
}

/** Environment of the client that reaches a place. */
export function environmentOf({ machine }: Place): Readonly<Record<string, string>> {
  return clientEnvironment(machine);
}

/** Arguments that run a command in a place; kubectl wants a separator. */
export function execArgs(
  { name, exec: [program, ...args] }: Place,
  flags: readonly string[],
  command: readonly string[],
): string[] {
  return [...args, ...flags, name, ...(program === "kubectl" ? ["--"] : []), ...command];
}
