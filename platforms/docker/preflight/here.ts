import { builtHere } from "../../../images/local.ts";
import { askEngine } from "../../ask.ts";
import { gist } from "./complaints.ts";
import { readPublished, readSight } from "./facts.ts";
import { askInfo, type NeedsHere } from "./preflight.ts";
import {
  diskFaults,
  engineFaults,
  isHeld,
  labelled,
  memoryFault,
  type OwnName,
  openLoopback,
  portFault,
  present,
  refuse,
} from "./rules.ts";
import { askSight } from "./sight.ts";

const subject = "The Docker engine has";

/**
 * Checks that the Docker client's default engine can run stacks, before images are built on it; later steps start a missing engine.
 * @throws Error listing every fault, or if the engine hangs
 */
export async function checkEngine(): Promise<void> {
  const { engine } = await askInfo(undefined);
  if (typeof engine !== "string") refuse(subject, engineFaults(engine));
  else if (engine.startsWith("timed out"))
    throw new Error(`The Docker engine does not answer: ${engine}; expected an answer; try docker info`);
}

/**
 * Checks the Docker client's default engine before anything on it is touched. Inspects the machine only while the stack
 * lacks some of its ports, so that a deployment without changes starts no container for it.
 * @returns warnings; none if the engine does not answer, which later steps report
 * @throws Error listing every fault
 */
export async function preflightHere(
  { ports, memory, disk, image }: NeedsHere,
  ownName: OwnName,
): Promise<readonly string[]> {
  const [{ engine }, listed] = await Promise.all([
    askInfo(undefined),
    askEngine(undefined, ["ps", "--format", "{{.Names}} {{.Ports}}"]),
  ]);
  if (typeof engine === "string" || listed.complaint !== undefined) return [];
  refuse(subject, engineFaults(engine));
  // Limits are not reservations: several workers that are rarely busy fit a laptop.
  const fault = memoryFault(engine, memory);
  const warnings = fault === undefined ? [] : [`the Docker engine: ${fault}`];
  const published = readPublished(listed.text);
  if (ports.every((port) => isHeld(port, published, ownName))) return warnings;
  warnings.push(...present([openLoopback(engine), labelled(engine)]));
  const seen = await askSight(undefined, image, "never", ports);
  if (seen.complaint !== undefined) {
    const missing = /No such image/.test(seen.complaint) && image.startsWith(builtHere);
    const fix = missing
      ? "; no registry has it: run npm run images in a clone of this version, or set airflow:images"
      : "";
    return [
      ...warnings,
      `ports and disk of the Docker engine were not checked: ${gist(seen.complaint)}${fix}`,
    ];
  }
  const sight = readSight(seen.text);
  const local = ports.map((port) => portFault(sight, published, ownName, port));
  refuse(subject, [...diskFaults(sight, engine, disk), ...present(local)]);
  return warnings;
}
