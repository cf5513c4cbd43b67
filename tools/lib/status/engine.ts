import { type Machine, machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { ask, cause } from "./ask.ts";
import type { Instance, MachineFacts } from "./table.ts";

/** Name for the engine of a stack that lists no machines. */
export const local = "local";

/** Seconds for an engine to answer: over ssh a question takes several connections. */
const patience = 20;

/** A container in the output of `docker inspect`; only the fields used here. */
export interface Inspected {
  readonly Name: string;
  readonly Config: { readonly Image: string };
  readonly HostConfig: { readonly RestartPolicy: { readonly Name: string } };
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: {
      readonly Status: string;
      readonly Log?: readonly { readonly Output: string }[] | null;
    };
  };
}

/** Output of the last finished health check, in one line. */
function lastWord({ Health }: Inspected["State"]): string | undefined {
  const lines =
    Health?.Log?.at(-1)
      ?.Output.trim()
      .split(/\s*\n\s*/) ?? [];
  return lines.join("; ") || undefined;
}

/** @param prefix of the names of the stack's containers */
export function containerInstance({ Name, Config, HostConfig, State }: Inspected, prefix: string): Instance {
  const running = State.Status === "running";
  const ended = State.Status === "exited" || State.Status === "dead";
  const isJob = HostConfig.RestartPolicy.Name === "no";
  const health = running ? (State.Health?.Status ?? "") : ended ? String(State.ExitCode) : "";
  const said = running ? lastWord(State) : undefined;
  const since = State.Status === "created" ? undefined : new Date(ended ? State.FinishedAt : State.StartedAt);
  return {
    name: Name.slice(prefix.length + 2),
    state: State.Status,
    health,
    ...(said !== undefined && { said }),
    image: Config.Image,
    since,
    fine: isJob ? running || (ended && State.ExitCode === 0) : running && health === "healthy",
  };
}

/** Inspects containers by id; ignores containers that are removed meanwhile. */
async function inspected(ids: readonly string[], machine?: Machine): Promise<Inspected[]> {
  if (ids.length === 0) return [];
  try {
    return JSON.parse(await ask("docker", ["inspect", ...ids], patience, machine));
  } catch (error) {
    const gone = error instanceof Error && "stderr" in error && /No such object/.test(String(error.stderr));
    if (gone && "stdout" in error) return JSON.parse(String(error.stdout));
    throw error;
  }
}

/** Facts of a stack on an engine, by prefix and network: another stack's name may begin with this one's. */
export async function engineFacts(name: string, prefix: string, machine?: Machine): Promise<MachineFacts> {
  const filters = ["--filter", `name=^/?${prefix}-`, "--filter", `network=${prefix}`];
  try {
    const ids = await ask("docker", ["ps", "--all", "--quiet", ...filters], patience, machine);
    const found = await inspected(ids.split("\n").filter(Boolean), machine);
    return { name, instances: found.map((container) => containerInstance(container, prefix)) };
  } catch (error) {
    return { name, cause: cause(error) };
  }
}

/** Facts of a stack on each of its engines. */
export function factsOfEngines(prefix: string, settings: Settings): Promise<MachineFacts[]> {
  const machines = machinesOf(settings);
  return Promise.all(
    machines.length > 0
      ? machines.map((machine) => engineFacts(machine.name, prefix, machine))
      : [engineFacts(local, prefix)],
  );
}
