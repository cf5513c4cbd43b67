import { run } from "../../../tools/lib/process.ts";
import { removeDisks } from "../../drill/nemesis/disk.ts";
import { waitFor } from "../../runner/waiting.ts";
import type { Instance, Target } from "./target.ts";

export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    /** Process 1 of the container; 0 while the container does not run. */
    readonly Pid: number;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
}

/** Runs the Docker client; returns its standard output. */
export function docker(...args: string[]): Promise<string> {
  return run("docker", args);
}

/**
 * Pauses a container. Retries, as the kernel cannot freeze a container that is just starting many processes.
 * @param pause requests the pause from an engine, once
 */
export async function pauseBy(pause: () => Promise<unknown>): Promise<void> {
  const attempt = async () => {
    try {
      await pause();
      return true;
    } catch (error) {
      if (String(error).includes("unable to freeze")) return undefined;
      throw error;
    }
  };
  await waitFor("a container to be paused", 30, attempt);
}

/** Reads the output of a container, from both streams. */
export function log(container: string): Promise<string> {
  return run("sh", ["-c", 'docker logs "$1" 2>&1', "log", container]);
}

/** Finds the containers whose names start with `prefix-`, by the rest of the name. */
export async function containers(prefix: string): Promise<Map<string, Container>> {
  const ids = (await docker("ps", "--all", "--quiet", "--no-trunc", "--filter", `name=^/${prefix}-`)).split(
    "\n",
  );
  const found = ids.filter((id) => id !== "");
  if (found.length === 0) return new Map();
  const inspected: Container[] = JSON.parse(await docker("inspect", ...found));
  return new Map(inspected.map((container) => [container.Name.slice(prefix.length + 2), container]));
}

/** Creates a network; returns this machine's address in it, which containers of every network reach. */
export async function addressIn(network: string): Promise<string> {
  await docker("network", "create", network);
  const gateway = "{{(index .IPAM.Config 0).Gateway}}";
  return (await docker("network", "inspect", "--format", gateway, network)).trim();
}

/** Runs the Docker client on an engine; returns its standard output. */
export type Engine = (...args: string[]) => Promise<string>;

/** Commands for one kind of resources. */
interface Kind {
  readonly list: readonly string[];
  readonly remove: readonly string[];
}

/** All kinds in the order of their removal. */
const kinds: readonly Kind[] = [
  { list: ["container", "ls", "--all"], remove: ["container", "rm", "--force"] },
  { list: ["network", "ls"], remove: ["network", "rm"] },
  { list: ["volume", "ls"], remove: ["volume", "rm"] },
];

async function idsOf(engine: Engine, { list }: Kind, name: string): Promise<string[]> {
  const ids = await engine(...list, "--quiet", "--filter", `name=^/?${name}`);
  return ids.split("\n").filter((id) => id !== "");
}

/** Removes networks without containers; returns those in which the engine counts endpoints all the same, as `destroy` tells. */
async function miscounted(engine: Engine, ids: readonly string[]): Promise<string[]> {
  const tried = ids.map(async (id) => {
    try {
      await engine("network", "rm", id);
      return [];
    } catch (error) {
      const containers = await engine("network", "inspect", "--format", "{{len .Containers}}", id);
      if (containers.trim() !== "0" || !String(error).includes("has active endpoints")) throw error;
      return [id];
    }
  });
  return (await Promise.all(tried)).flat();
}

/** Removes the containers, networks and volumes on an engine whose names start with `name`. */
export async function sweepEngine(engine: Engine, name: string): Promise<void> {
  for (const kind of kinds) {
    const ids = await idsOf(engine, kind, name);
    if (kind.list[0] === "network") await miscounted(engine, ids);
    else if (ids.length > 0) await engine(...kind.remove, ...ids);
  }
}

/** Finds the ids of what a removal has left of a stack on an engine. */
export async function leftOn(engine: Engine, stack: string): Promise<string[]> {
  const found = kinds.map(async (kind) => {
    const ids = await idsOf(engine, kind, `${stack}(-|$)`);
    const spared = kind.list[0] === "network" ? await miscounted(engine, ids) : [];
    return ids.filter((id) => !spared.includes(id));
  });
  return (await Promise.all(found)).flat();
}

/** Removes what an interrupted test left, by prefix. */
export async function sweep(name: string): Promise<void> {
  await removeDisks(`/volumes/${name}`);
  await sweepEngine(docker, name);
}

export function instance({ Id, State }: Container): Instance {
  const healthy = State.Status === "running" && State.Health?.Status === "healthy";
  return { id: Id, start: State.StartedAt, healthy };
}

async function readable(stack: string): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const [name, { Id, State }] of await containers(stack)) {
    all.set(`docker inspect ${name}`, await docker("inspect", Id));
    all.set(`log of ${name}`, await log(Id));
    if (State.Status !== "running") continue;
    const everyone = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'";
    all.set(`processes of ${name}`, await docker("exec", Id, "sh", "-c", `${everyone}; env`));
  }
  return all;
}

/** Operations on the local engine. */
export const onDocker: Target = {
  name: "docker",
  config: async () => ({}),
  connect: async () => {},
  disconnect: async () => {},
  instances: async (stack) =>
    new Map([...(await containers(stack))].map(([name, container]) => [name, instance(container)])),
  exec: (stack, name, command) => docker("exec", `${stack}-${name}`, ...command),
  log: (stack, name) => log(`${stack}-${name}`),
  crash: async (stack, name) => void (await docker("kill", "--signal", "KILL", `${stack}-${name}`)),
  restart: async (stack, name) => void (await docker("restart", `${stack}-${name}`)),
  remove: async (stack, name) => void (await docker("rm", "--force", `${stack}-${name}`)),
  leftovers: (stack) => leftOn(docker, stack),
  readable,
  sweep,
};
