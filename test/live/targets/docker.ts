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

export const kinds = [
  { list: ["container", "ls", "--all"], remove: ["container", "rm", "--force"] },
  { list: ["network", "ls"], remove: ["network", "rm"] },
  { list: ["volume", "ls"], remove: ["volume", "rm"] },
];

/** Removes the containers, networks and volumes that an interrupted test left, by prefix. */
export async function sweep(name: string): Promise<void> {
  await removeDisks(`/volumes/${name}`);
  for (const { list, remove } of kinds) {
    const ids = (await docker(...list, "--quiet", "--filter", `name=^/?${name}`)).trim();
    if (ids !== "") await docker(...remove, ...ids.split("\n"));
  }
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
  leftovers: async (stack) => {
    const lists = kinds.map(({ list }) => docker(...list, "--quiet", "--filter", `name=^/?${stack}(-|$)`));
    return (await Promise.all(lists)).flatMap((ids) => ids.split("\n").filter((id) => id !== ""));
  },
  readable,
  sweep,
};
