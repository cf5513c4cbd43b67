import { type Answer, askEngine, askOverSsh } from "../../ask.ts";
import type { Machine } from "../../machines.ts";
import { isSilence, silence } from "./complaints.ts";
import { type Engine, readInfo, readPublished, readSight } from "./facts.ts";
import {
  addressFault,
  blindFault,
  clockFault,
  diskFault,
  type IsOwn,
  memoryFault,
  type Port,
  portFault,
  sameEngineFault,
  versionFault,
} from "./faults.ts";
import { askSight } from "./sight.ts";

/** What a stack is to have of a machine. */
export interface Needs {
  readonly machine: Machine;
  readonly ports: readonly Port[];
  /** MiB that everything that runs there may use at most. */
  readonly memory: number;
  /** MiB to be free for images and data. */
  readonly disk: number;
  /** An image with a shell that is there already. */
  readonly image: string;
}

/** What becomes of machines that are down: a fault, or they are left out. */
export type Unreachable = "fail" | "leave";

/** Whether machines that are down stop a deployment: those of `--continue-on-error` do not. */
export function unreachable(): Unreachable {
  return process.env.AIRFLOW_CONTINUE_ON_ERROR === "true" ? "leave" : "fail";
}

export interface PreflightContext {
  /** The stack's own containers, whose ports are not in the way. */
  readonly isOwn: IsOwn;
  readonly unreachable: Unreachable;
}

interface Report {
  readonly machine: Machine;
  readonly faults: readonly string[];
  readonly down: boolean;
  readonly engine?: Engine;
}

function present(faults: readonly (string | undefined)[]): string[] {
  return faults.filter((fault) => fault !== undefined);
}

/** Over ssh our client is not told why the engine's socket did not open; the client there is. */
async function closer(machine: Machine, complaint: string): Promise<string> {
  if (!complaint.includes("Docker daemon at http://docker.example.com")) return complaint;
  const { complaint: there } = await askOverSsh(machine, ["version"]);
  return there ?? complaint;
}

/** For when a machine could not be asked. */
async function unanswered(machine: Machine, complaint: string): Promise<Report> {
  const { fault, down } = silence(machine, await closer(machine, complaint));
  return { machine, faults: [fault], down };
}

/** What the engine of a machine says of itself, or why it does not. */
async function hear(machine: Machine): Promise<{ engine: Engine | string; info: Answer }> {
  const info = await askEngine(machine, ["info", "--format", "{{json .}}"]);
  return { engine: info.complaint ?? readInfo(info.text), info };
}

async function examine({ machine, ports, memory, disk, image }: Needs, isOwn: IsOwn): Promise<Report> {
  const { engine, info } = await hear(machine);
  if (typeof engine === "string") return unanswered(machine, engine);
  // No registry has what was built here.
  const pull = image.startsWith("airflow-on-celery/") ? "never" : "missing";
  const [seen, listed] = await Promise.all([
    askSight(machine, image, pull, ports),
    askEngine(machine, ["ps", "--format", "{{.Names}} {{.Ports}}"]),
  ]);
  const complaint = seen.complaint ?? listed.complaint;
  if (complaint !== undefined && isSilence(complaint)) return unanswered(machine, complaint);
  const general = present([versionFault(engine), memoryFault(engine, memory), clockFault(engine, info)]);
  if (complaint !== undefined) {
    return { machine, engine, faults: [...general, blindFault(image, complaint)], down: false };
  }
  const sight = readSight(seen.text);
  const published = readPublished(listed.text);
  const local = present([
    addressFault(sight, machine.address),
    diskFault(sight, engine, disk),
    ...ports.map((port) => portFault(sight, published, isOwn, port)),
  ]);
  return { machine, engine, faults: [...general, ...local], down: false };
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) {
    throw new Error(`The machines have ${faults.length} fault(s):\n  ${faults.join("\n  ")}`);
  }
}

/** The names of machines that are down and left out; all other faults are refused. */
function judge(reports: readonly Report[], unreachable: Unreachable): readonly string[] {
  const left = reports.filter(({ down }) => down && unreachable === "leave");
  const faults = reports.flatMap((report, at) => {
    if (left.includes(report)) return [];
    const { engine, machine } = report;
    const same = engine && sameEngineFault(engine, reports.slice(0, at));
    return present([...report.faults, same]).map((fault) => `machine ${machine.name}: ${fault}`);
  });
  refuse(faults);
  return left.map(({ machine }) => machine.name);
}

/**
 * Asks all engines at once whether they are there, before images are sent to them.
 * @returns the names of machines that are down, if those are to be left out
 * @throws Error listing every fault: machine, what was found, what is allowed, the fix
 */
export async function greet(
  machines: readonly Machine[],
  unreachable: Unreachable,
): Promise<readonly string[]> {
  const reports = machines.map(async (machine): Promise<Report> => {
    const { engine } = await hear(machine);
    return typeof engine === "string"
      ? unanswered(machine, engine)
      : { machine, engine, faults: [], down: false };
  });
  return judge(await Promise.all(reports), unreachable);
}

/** As {@link greet}, and looks at the machines themselves, before anything on them is touched. */
export async function preflight(
  machines: readonly Needs[],
  { isOwn, unreachable }: PreflightContext,
): Promise<readonly string[]> {
  const reports = await Promise.all(machines.map((needs) => examine(needs, isOwn)));
  return judge(reports, unreachable);
}
