import { forPlatform } from "../../../capabilities.ts";
import { clientEnvironment, homeOf, type Machine, machinesOf } from "../../../platforms/machines.ts";
import { placedServices, type Settings } from "../../../settings/model/groups.ts";
import type { Stack } from "../stack.ts";
import { askedCluster, askedEngine } from "./asked.ts";
import { namespaceFlags } from "./kubernetes.ts";

/** A running instance of a stack, and the way to run a command in it: `run(program, [...args, "ls"], { env })`. */
export interface Place {
  /** Name of its container or pod. */
  readonly name: string;
  /** Machine of its engine; without one the Docker client's default engine, or a cluster. */
  readonly machine: Machine | undefined;
  readonly program: "docker" | "kubectl";
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Finds the machine of a service, or of an instance of it: that of its group of workers, otherwise that of its role. */
function machineOf(given: string, settings: Settings): Machine | undefined {
  const service = given.replace(/-\d+$/, "");
  const machines = machinesOf(settings);
  const placed = new Map(placedServices(settings.groups).map(({ name, machine }) => [name, machine]));
  const home = placed.get(given) ?? placed.get(service);
  return machines.find(({ name }) => name === home) ?? homeOf(service, machines);
}

/** Lists the names that the first instance of a service may have. */
function names(service: string): readonly string[] {
  return [service, `${service}-1`];
}

type Find = (stack: Stack, settings: Settings, service: string, flag: string) => Promise<Place | undefined>;

const findOnEngine: Find = async ({ prefix }, settings, service, flag) => {
  const machine = machineOf(service, settings);
  const env = clientEnvironment(machine);
  for (const name of names(service).map((one) => `${prefix}-${one}`)) {
    const filters = ["--filter", `name=^/?${name}$`, "--filter", `network=${prefix}`];
    const found = await askedEngine(machine, ["ps", "--quiet", ...filters]);
    if (found.trim() !== "") return { name, machine, program: "docker", args: ["exec", flag, name], env };
  }
  return undefined;
};

/** Output format of kubectl: names of pods that are not terminating, and of their workloads. */
const podTemplate =
  "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} " +
  `{{index .metadata.labels "app.kubernetes.io/name"}}{{"\\n"}}{{end}}{{end}}`;

const findInCluster: Find = async (stack, settings, service, flag) => {
  const flags = namespaceFlags(stack, settings);
  const running = ["--selector", "app.kubernetes.io/name", "--field-selector", "status.phase=Running"];
  const pods = (await askedCluster(flags, ["get", "pods", ...running, "--output", podTemplate]))
    .split("\n")
    .map((line) => line.split(" "));
  const [name] =
    pods.find(([pod]) => pod === service) ?? pods.find(([, workload]) => workload === service) ?? [];
  const args = [...flags, "exec", flag, name ?? "", "--"];
  return name === undefined ? undefined : { name, machine: undefined, program: "kubectl", args, env: {} };
};

/**
 * Finds a running instance of a service: `scheduler`, `worker`, `worker-gpu-2`.
 * @param terminal whether a command there gets this terminal; otherwise it has an open standard input
 * @throws Error when there is none
 */
export async function placeOf(stack: Stack, service: string, terminal = false): Promise<Place> {
  const place = await findPlace(stack, service, terminal);
  if (place) return place;
  throw new Error(
    `Stack ${stack.name} has no running ${service}; expected the name of a role or an instance, such as scheduler, ` +
      `webserver, worker or worker-2. npm run status -- --stack ${stack.name} lists them.`,
  );
}

/** Services that a name stands for: a group of workers is one service on each of its machines. */
function servicesOf(given: string, { groups }: Settings): string[] {
  const onMachines = groups.filter(({ name, machine }) => name === `${given}-${machine}`);
  return [given, ...onMachines.map(({ name }) => name)];
}

/** Does what {@link placeOf} does; undefined when there is none. */
export async function findPlace(stack: Stack, service: string, terminal = false): Promise<Place | undefined> {
  const settings = stack.deployed();
  const find = forPlatform(settings.platform, { docker: findOnEngine, kubernetes: findInCluster });
  for (const one of servicesOf(service, settings)) {
    const place = await find(stack, settings, one, terminal ? "-it" : "-i");
    if (place) return place;
  }
  return undefined;
}

/** Finds a running worker, of the first group that has one. */
export async function placeOfWorker(stack: Stack): Promise<Place> {
  for (const { name } of stack.deployed().groups) {
    const place = await findPlace(stack, name);
    if (place) return place;
  }
  return placeOf(stack, "worker");
}
