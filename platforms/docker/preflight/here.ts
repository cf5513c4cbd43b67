import { builtHere } from "../../../images/local.ts";
import { askEngine } from "../../ask.ts";
import { gist } from "./complaints.ts";
import { readInfo, readPublished, readSight } from "./facts.ts";
import type { Needs } from "./preflight.ts";
import {
  diskFault,
  type IsOwn,
  isHeld,
  limitsFault,
  memoryFault,
  openLoopback,
  portFault,
  present,
  refuse,
} from "./rules.ts";
import { askSight } from "./sight.ts";

/**
 * Checks the Docker client's default engine before anything on it is touched. Inspects the machine only while the stack
 * lacks some of its ports, so that a deployment without changes starts no container for it.
 * @returns warnings; none if the engine does not answer, which later steps report
 * @throws Error listing every fault
 */
export async function preflightHere(
  { ports, memory, disk, image }: Omit<Needs, "machine">,
  isOwn: IsOwn,
): Promise<readonly string[]> {
  const [info, listed] = await Promise.all([
    askEngine(undefined, ["info", "--format", "{{json .}}"]),
    askEngine(undefined, ["ps", "--format", "{{.Names}} {{.Ports}}"]),
  ]);
  if (info.complaint !== undefined || listed.complaint !== undefined) return [];
  const engine = readInfo(info.text);
  if (typeof engine === "string") return [];
  refuse("The Docker engine has", present([limitsFault(engine)]));
  // Limits are not reservations: several workers that are rarely busy fit a laptop.
  const fault = memoryFault(engine, memory);
  const warnings = fault === undefined ? [] : [`the Docker engine: ${fault}`];
  const published = readPublished(listed.text);
  if (ports.every((port) => isHeld(port, published, isOwn))) return warnings;
  warnings.push(...present([openLoopback(engine)]));
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
  const local = ports.map((port) => portFault(sight, published, isOwn, port));
  refuse("The Docker engine has", present([diskFault(sight, engine, disk), ...local]));
  return warnings;
}
