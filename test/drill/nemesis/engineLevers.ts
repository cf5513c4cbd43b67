import { waitFor } from "../../../tools/lib/process.ts";
import { pauseBy } from "../../live/targets/docker.ts";
import { addressesBy, type Levers } from "./levers.ts";
import { mainOf, signal } from "./processes.ts";

/** Runs the client of an instance's engine; `CONTAINER` stands for the instance's container. */
export type Client = (instance: string, ...args: string[]) => Promise<string>;

/** Placeholder for the name of an instance's container. */
export const CONTAINER = "{container}";

interface Mount {
  readonly Source: string;
  readonly Destination: string;
}

const data = ["/data", "/var/lib/postgresql/data"];

/**
 * Creates a client that finds an instance's container by its name.
 * @param named returns the name of an instance's container
 * @param runs runs the Docker client of the engine that an instance is on
 */
export function clientBy(
  named: (instance: string) => string,
  runs: (instance: string, ...args: string[]) => Promise<string>,
): Client {
  return (instance, ...args) =>
    runs(instance, ...args.map((one) => (one === CONTAINER ? named(instance) : one)));
}

/** Creates the levers of containers on Docker engines. */
export function engineLevers(client: Client): Omit<Levers, "hostsOn" | "cutPower"> {
  const inspect = async (instance: string, format: string) =>
    (await client(instance, "inspect", "--format", format, CONTAINER)).trim();
  const act = async (instance: string, ...args: string[]) =>
    void (await client(instance, ...args, CONTAINER));
  const exec: Levers["exec"] = (instance, ...command) => client(instance, "exec", CONTAINER, ...command);
  const start = (instance: string) => inspect(instance, "{{.State.StartedAt}}");
  const container = (instance: string) => inspect(instance, "{{.Id}}");
  return {
    container,
    start,
    host: (instance) => inspect(instance, "{{.Config.Hostname}}"),
    addresses: addressesBy(exec),
    pause: (instance) => pauseBy(() => act(instance, "pause")),
    paused: (instance) => inspect(instance, "{{if .State.Paused}}{{.State.Status}}{{end}}"),
    unpause: (instance) => act(instance, "unpause"),
    restart: (instance) => act(instance, "restart"),
    take: (instance, how) => act(instance, how === "killed" ? "kill" : "stop"),
    away: async (instance) => {
      const state = await inspect(instance, "{{.State.Status}} with exit code {{.State.ExitCode}}");
      return state.startsWith("exited") ? state : undefined;
    },
    give: (instance) => act(instance, "start"),
    exec,
    disk: async (instance) => {
      const mounts: Mount[] = JSON.parse(await inspect(instance, "{{json .Mounts}}"));
      return mounts.find(({ Destination }) => data.includes(Destination))?.Source;
    },
  };
}

/**
 * Kills containers all at the same time, as a power cut of the engine's machine would.
 * @returns a function that waits until the engine has started them again, and returns evidence
 */
export async function killAll(client: Client, instances: readonly string[]): Promise<() => Promise<string>> {
  const { start, container } = engineLevers(client);
  const before = await Promise.all(instances.map(start));
  const ids = await Promise.all(instances.map(container));
  const mains = ids.flatMap((id) => mainOf(id) ?? []);
  const killed = signal(mains, "SIGKILL");
  return async () => {
    await waitFor("all containers to be started again", 60, async () => {
      const after = await Promise.all(instances.map(start));
      return after.every((at, index) => at !== before[index]) || undefined;
    });
    return `${killed} main processes killed, ${instances.length} containers started again`;
  };
}
