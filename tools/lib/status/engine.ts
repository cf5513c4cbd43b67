import { askEngine } from "../../../platforms/ask.ts";
import { gist } from "../../../platforms/docker/preflight/complaints.ts";
import { type Machine, machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { type Instance, type MachineFacts, outOfMemory } from "./facts.ts";

/** Name of the engine of a stack that lists no machines, in tables. */
export const local = "local";

/** Seconds for an engine to answer: over ssh a question takes several connections. */
const answerSeconds = 20;

/** A container in the output of `docker inspect`; only the fields used here. */
export interface Inspected {
  readonly Name: string;
  readonly Config: { readonly Image: string };
  readonly RestartCount: number;
  readonly HostConfig: { readonly RestartPolicy: { readonly Name: string } };
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled?: boolean;
    /** Why the engine could not start the container; otherwise empty. */
    readonly Error?: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: {
      readonly Status: string;
      readonly Log?: readonly { readonly ExitCode: number; readonly Output: string }[] | null;
    };
  };
}

/** Explains why an engine could not start a container, which it does not try again. */
function startFault({ Name, State }: Inspected): string {
  const fault = State.Error?.trim().replace(/\s*\n\s*/g, "; ") ?? "";
  if (!fault.includes("cannot assign requested address")) return fault;
  return `${fault}; the machine did not have the address when Docker started: run docker start ${Name.slice(1)} there, and see docs/machines.md`;
}

/**
 * Returns the output of the last finished health check, in one line; for an unhealthy container also its restarts, and for
 * one that did not start the reason.
 */
function lastOutput(inspected: Inspected): string | undefined {
  const { State, RestartCount } = inspected;
  const { Status, Health } = State;
  const checked =
    Status === "running"
      ? (Health?.Log?.at(-1)
          ?.Output.trim()
          .split(/\s*\n\s*/) ?? [])
      : [];
  const restarts = RestartCount > 0 && Health?.Status !== "healthy" ? [`restarts: ${RestartCount}`] : [];
  const fault = Status === "running" ? "" : startFault(inspected);
  return [...restarts, ...checked, fault].filter(Boolean).join("; ") || undefined;
}

/** Finds the reason of the last restart: the engine records the memory limit, and the last health checks. */
function restartReason({ State: { OOMKilled, Status, ExitCode, Health } }: Inspected): string {
  if (OOMKilled) return outOfMemory;
  const asked = Health?.Log?.findLast(({ Output }) => Output.includes(": restarting"));
  if (asked)
    return asked.Output.trim()
      .split(/\s*\n\s*/)
      .join("; ");
  return Status === "restarting" ? `exit code ${ExitCode}` : "its process ended; see its log";
}

/** Converts the description of a container, whose name begins with the stack's prefix. */
export function containerInstance(inspected: Inspected, prefix: string): Instance {
  const { Name, Config, HostConfig, State } = inspected;
  const running = State.Status === "running";
  const ended = State.Status === "exited" || State.Status === "dead";
  const isJob = HostConfig.RestartPolicy.Name === "no";
  const health = running ? (State.Health?.Status ?? "") : ended ? String(State.ExitCode) : "";
  const output = lastOutput(inspected);
  const since = State.Status === "created" ? undefined : new Date(ended ? State.FinishedAt : State.StartedAt);
  return {
    name: Name.slice(prefix.length + 2),
    state: State.Status,
    health,
    ...(output !== undefined && { output }),
    image: Config.Image,
    since,
    restarts: inspected.RestartCount,
    ...((inspected.RestartCount > 0 || State.OOMKilled) && { reason: restartReason(inspected) }),
    fine: isJob ? running || (ended && State.ExitCode === 0) : running && health === "healthy",
  };
}

/** Reads the containers of a stack on an engine, by prefix and network: another stack's name may begin with this one's. */
export async function engineFacts(name: string, prefix: string, machine?: Machine): Promise<MachineFacts> {
  const filters = ["--filter", `name=^/?${prefix}-`, "--filter", `network=${prefix}`];
  const listed = await askEngine(machine, ["ps", "--all", "--quiet", ...filters], answerSeconds);
  if (listed.complaint !== undefined) return { name, cause: gist(listed.complaint) };
  const ids = listed.text.split("\n").filter(Boolean);
  if (ids.length === 0) return { name, instances: [] };
  const { text, complaint } = await askEngine(machine, ["inspect", ...ids], answerSeconds);
  // Containers may have been removed meanwhile; the output describes the others.
  if (complaint !== undefined && !/No such object/.test(complaint)) return { name, cause: gist(complaint) };
  const found: readonly Inspected[] = JSON.parse(text);
  return { name, instances: found.map((container) => containerInstance(container, prefix)) };
}

/** Reads the containers of a stack on each of its engines. */
export function factsOfEngines(prefix: string, settings: Settings): Promise<MachineFacts[]> {
  const machines = machinesOf(settings);
  return Promise.all(
    machines.length > 0
      ? machines.map((machine) => engineFacts(machine.name, prefix, machine))
      : [engineFacts(local, prefix)],
  );
}
