import { hasFlag } from "../../../deploymentFlags.ts";
import { builtHere } from "../../../images/local.ts";
import { type Answer, askEngine, askOverSsh } from "../../ask.ts";
import type { Machine } from "../../machines.ts";
import { isSilence, silence } from "./complaints.ts";
import { type EngineFacts, readInfo, readPublished, readSight } from "./facts.ts";
import {
  addressFault,
  architectureFault,
  blindFault,
  clockFault,
  diskFaults,
  engineFaults,
  isHeld,
  memoryFault,
  type OwnName,
  openLoopback,
  type Port,
  portFault,
  present,
  refuse,
  sameEngineFault,
} from "./rules.ts";
import { askSight } from "./sight.ts";

/** Resources that a stack needs of an engine. */
export interface NeedsHere {
  readonly ports: readonly Port[];
  /** MiB that all containers there may use together. */
  readonly memory: number;
  /** MiB that must be free for images and data. */
  readonly disk: number;
  /** An image with a shell, already on the machine. */
  readonly image: string;
}

/** Resources that a stack needs of a machine. */
export interface Needs extends NeedsHere {
  readonly machine: Machine;
  /** All images there. */
  readonly images: readonly string[];
}

interface Report {
  readonly machine: Machine;
  readonly faults: readonly string[];
  readonly warnings?: readonly string[];
  readonly down: boolean;
  readonly engine?: EngineFacts;
}

/** Asks the Docker client on the machine: over ssh, the client here does not learn why the socket did not open. */
async function closerComplaint(machine: Machine, complaint: string): Promise<string> {
  if (!complaint.includes("Docker daemon at http://docker.example.com")) return complaint;
  const { complaint: there } = await askOverSsh(machine, ["version"]);
  return there ?? complaint;
}

/** Reports a machine that did not answer. */
async function unanswered(machine: Machine, complaint: string): Promise<Report> {
  const { fault, down } = silence(machine, await closerComplaint(machine, complaint));
  return { machine, faults: [fault], down };
}

/** Asks the engine of a machine, or the Docker client's own, about itself; `engine` is a complaint if there is no answer. */
export async function askInfo(
  machine: Machine | undefined,
): Promise<{ engine: EngineFacts | string; info: Answer }> {
  const info = await askEngine(machine, ["info", "--format", "{{json .}}"]);
  return { engine: info.complaint ?? readInfo(info.text), info };
}

/** Finds the architecture of the engine that builds images; undefined if it does not answer. */
async function builderArchitecture(): Promise<string | undefined> {
  const { engine } = await askInfo(undefined);
  return typeof engine === "string" ? undefined : engine.architecture;
}

/** True if images of a machine are built here. */
function getsBuilt({ images }: Needs): boolean {
  return images.some((image) => image.startsWith(builtHere));
}

async function inspect(needs: Needs, builder: string | undefined, ownName: OwnName): Promise<Report> {
  const { machine, ports, memory, disk, image } = needs;
  const { engine, info } = await askInfo(machine);
  if (typeof engine === "string") return unanswered(machine, engine);
  const pull = image.startsWith(builtHere) ? "never" : "missing";
  const [seen, listed] = await Promise.all([
    askSight(machine, image, pull, ports),
    askEngine(machine, ["ps", "--format", "{{.Names}} {{.Ports}}"]),
  ]);
  const complaint = seen.complaint ?? listed.complaint;
  // An engine that answers meanwhile only takes long to pull the image, or to start the container.
  const isSlow = listed.complaint === undefined && seen.complaint?.startsWith("timed out") === true;
  if (complaint !== undefined && isSilence(complaint) && !isSlow) return unanswered(machine, complaint);
  const others = present([
    architectureFault(engine, getsBuilt(needs) ? builder : undefined),
    memoryFault(engine, memory),
    clockFault(engine, info),
  ]);
  const general = [...engineFaults(engine), ...others];
  if (complaint !== undefined) {
    return { machine, engine, faults: [...general, blindFault(image, complaint)], down: false };
  }
  const sight = readSight(seen.text);
  const published = readPublished(listed.text);
  const local = present([
    addressFault(sight, engine, machine.address),
    ...diskFaults(sight, engine, disk),
    ...ports.map((port) => portFault(sight, published, ownName, port)),
  ]);
  const isNew = ports.some((port) => port.address === "127.0.0.1" && !isHeld(port, published, ownName));
  const warnings = isNew ? present([openLoopback(engine)]) : [];
  return { machine, engine, faults: [...general, ...local], warnings, down: false };
}

/** Returns the names of machines that are down and left out, by `--continue-on-error`; throws on every other fault. */
function judge(reports: readonly Report[]): readonly string[] {
  const left = reports.filter(({ down }) => down && hasFlag("continue-on-error"));
  const faults = reports.flatMap((report, at) => {
    if (left.includes(report)) return [];
    const { engine, machine } = report;
    const same = engine && sameEngineFault(engine, reports.slice(0, at));
    return present([...report.faults, same]).map((fault) => `machine ${machine.name}: ${fault}`);
  });
  refuse("The machines have", faults);
  return left.map(({ machine }) => machine.name);
}

/**
 * Checks that all engines answer and can run stacks, before images are sent to them.
 * @returns the names of machines that are down, if they may be left out
 * @throws Error listing every fault: machine, found, expected, fix
 */
export async function checkAnswers(machines: readonly Machine[]): Promise<readonly string[]> {
  const reports = machines.map(async (machine): Promise<Report> => {
    const { engine } = await askInfo(machine);
    return typeof engine === "string"
      ? unanswered(machine, engine)
      : { machine, engine, faults: engineFaults(engine), down: false };
  });
  return judge(await Promise.all(reports));
}

/**
 * Checks and inspects all machines before anything on them is touched; throws as {@link checkAnswers} does.
 * @returns warnings
 */
export async function preflight(machines: readonly Needs[], ownName: OwnName): Promise<readonly string[]> {
  const builder = machines.some(getsBuilt) ? await builderArchitecture() : undefined;
  const reports = await Promise.all(machines.map((needs) => inspect(needs, builder, ownName)));
  const left = judge(reports).map((name) => `machine ${name} is down: its workloads are missing`);
  const others = reports.flatMap(({ machine, warnings = [] }) =>
    warnings.map((warning) => `machine ${machine.name}: ${warning}`),
  );
  return [...left, ...others];
}
