import { localImage } from "../../../images/local.ts";
import { ensureImages, standard } from "../../../tools/images.ts";
import { run } from "../../../tools/lib/process.ts";
import { tunnel } from "../../../tools/lib/reach/tunnel.ts";
import { shipImages } from "../../../tools/lib/ship.ts";
import { console, ensureMachines, type MachineName, machines } from "../../lab/machines/machines.ts";
import { type Container, type Engine, instance, leftOn, sweepEngine } from "./docker.ts";
import type { Instance, Ports, Target } from "./target.ts";

type LabMachine = (typeof machines)[number];

/** Machine of an instance, and its container there. */
interface Place {
  readonly machine: LabMachine;
  readonly container: Container;
}

/** Points the Docker client to a machine's engine by its socket, without network or login. */
function atConsole(name: MachineName): Record<string, string> {
  return { DOCKER_HOST: console(name), DOCKER_CONTEXT: "" };
}

/** Runs the Docker client at a machine's console; returns its standard output. */
export function dockerAt(name: MachineName, ...args: string[]): Promise<string> {
  return run("docker", args, { env: atConsole(name) });
}

/** Machines without power, which all operations skip. */
const off = new Set<MachineName>();

/** Records whether a machine is without power. */
export function isOff(name: MachineName, now: boolean): void {
  if (now) off.add(name);
  else off.delete(name);
}

async function containersOn(one: LabMachine, stack: string): Promise<[string, Place][]> {
  const listed = await dockerAt(
    one.name,
    "ps",
    "--all",
    "--quiet",
    "--no-trunc",
    "--filter",
    `name=^/${stack}-`,
  );
  const ids = listed.split("\n").filter((id) => id !== "");
  if (ids.length === 0) return [];
  const inspected: Container[] = JSON.parse(await dockerAt(one.name, "inspect", ...ids));
  return inspected.map((container) => {
    const name = container.Name.slice(stack.length + 2);
    // Every machine has a container with such a name.
    const unique = ["gateway", "dags"].includes(name) ? `${name} of ${one.name}` : name;
    return [unique, { machine: one, container }];
  });
}

async function places(stack: string): Promise<Map<string, Place>> {
  const found = machines.filter(({ name }) => !off.has(name)).map((one) => containersOn(one, stack));
  return new Map((await Promise.all(found)).flat());
}

async function place(stack: string, name: string): Promise<Place> {
  const found = (await places(stack)).get(name);
  if (!found) throw new Error(`no machine has a container of ${name} of ${stack}`);
  return found;
}

async function on(stack: string, name: string, command: string, ...args: string[]): Promise<string> {
  const { machine, container } = await place(stack, name);
  return dockerAt(machine.name, command, ...args, container.Id);
}

async function readable(stack: string): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const [name, { machine, container }] of await places(stack)) {
    all.set(`docker inspect ${name}`, await dockerAt(machine.name, "inspect", container.Id));
    all.set(`log of ${name}`, await log(stack, name));
  }
  return all;
}

async function log(stack: string, name: string): Promise<string> {
  const { machine, container } = await place(stack, name);
  const both = ["-c", 'docker logs "$1" 2>&1', "log", container.Id];
  return run("sh", both, { env: atConsole(machine.name) });
}

const engines: readonly Engine[] = machines.map(
  ({ name }) =>
    (...args) =>
      dockerAt(name, ...args),
);

let prepared: Promise<void> | undefined;

/** Brings up the machines with their images. */
async function prepare(): Promise<void> {
  await ensureMachines();
  const first = [...standard, "gateway", "monitoring", "backup"] as const;
  await ensureImages(first);
  const names = (name: MachineName) => (name === "one" ? first : (["gateway", "airflow"] as const));
  await shipImages(
    machines.map((one) => ({ machine: one, images: names(one.name).map((name) => localImage(name)) })),
  );
}

const tunnels = new Map<string, (() => void)[]>();

/** Operations on the lab's three machines, with the webserver and Flower on the first. */
export const onMachines: Target = {
  name: "machines",
  config: async () => {
    prepared ??= prepare();
    await prepared;
    return {};
  },
  connect: async (stack, { webserverPort, flowerPort }: Ports) => {
    if (tunnels.has(stack)) return;
    const [first] = machines;
    tunnels.set(stack, [
      await tunnel(first, `${stack}-webserver`, 8080, webserverPort),
      await tunnel(first, `${stack}-flower`, 5555, flowerPort),
    ]);
  },
  disconnect: async (stack) => {
    for (const end of tunnels.get(stack) ?? []) end();
    tunnels.delete(stack);
  },
  instances: async (stack) => {
    const all = [...(await places(stack))].map(([name, { container }]): [string, Instance] => [
      name,
      instance(container),
    ]);
    return new Map(all);
  },
  exec: async (stack, name, command) => {
    const { machine, container } = await place(stack, name);
    return dockerAt(machine.name, "exec", container.Id, ...command);
  },
  log,
  crash: async (stack, name) => void (await on(stack, name, "kill", "--signal", "KILL")),
  restart: async (stack, name) => void (await on(stack, name, "restart")),
  remove: async (stack, name) => void (await on(stack, name, "rm", "--force")),
  leftovers: async (stack) => (await Promise.all(engines.map((engine) => leftOn(engine, stack)))).flat(),
  readable,
  sweep: async (prefix) => {
    await ensureMachines();
    await Promise.all(engines.map((engine) => sweepEngine(engine, prefix)));
  },
};
