import { capabilities } from "../../../capabilities.ts";
import { askEngine } from "../../../platforms/ask.ts";
import { machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { instancesOn, type MachineFacts } from "../status/facts.ts";
import type { Exec } from "../status/inside.ts";
import { ago, aligned, short } from "../status/table.ts";
import { type Ending, endingWarnings, fileEndings, gatewayEndings } from "./certificates.ts";
import { type Fullness, fullPercent, fullWarnings, volumeFacts } from "./volumes.ts";

/** Parts of a stack that fill up, expire or age. */
export interface Bounds {
  readonly volumes: readonly Fullness[];
  readonly certificates: readonly Ending[];
  /** Time at which each image was built. */
  readonly images: Readonly<Record<string, Date>>;
}

/** Asks each engine when the images in use were built; a cluster does not know that. */
async function imageAges(machines: readonly MachineFacts[], settings: Settings): Promise<Bounds["images"]> {
  const engines = machinesOf(settings);
  const found = machines.map(async (machine) => {
    const images = [...new Set(instancesOn(machine).map(({ image }) => image))].filter(Boolean);
    if (images.length === 0) return [];
    const engine = engines.find(({ name }) => name === machine.name);
    const asked = ["image", "inspect", "--format", "{{.Created}}", ...images];
    const { text, complaint } = await askEngine(engine, asked);
    const times = text.trim().split("\n");
    // A missing image prints no line, so that times could be attributed to wrong images.
    return complaint === undefined ? images.map((image, at) => [image, new Date(times[at] ?? "")]) : [];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** Collects the bounds of a running stack; instances that do not answer are left out. */
export async function boundsOf(
  settings: Settings,
  machines: readonly MachineFacts[],
  exec: Exec,
): Promise<Bounds> {
  const { engines } = capabilities[settings.platform];
  const [volumes, gateways, images] = await Promise.all([
    volumeFacts(machines, exec),
    gatewayEndings(machines, exec),
    engines ? imageAges(machines, settings) : {},
  ]);
  return { volumes, certificates: [...fileEndings(settings), ...gateways], images };
}

/** Renders the tables of volumes and images. */
export function boundsTable({ volumes, images }: Bounds, now: Date): string {
  const gib = (kib: number) => `${(kib / 2 ** 20).toFixed(1)} GiB`;
  const rows = volumes.map(({ machine, volume, size, percent }) => [
    machine,
    volume,
    gib(size),
    `${percent} % full`,
  ]);
  const ages = Object.entries(images).map(([image, built]) => [short(image), `built ${ago(built, now)}`]);
  return [
    aligned([["machine", "volume", "size", ""], ...rows]),
    ...(ages.length > 0 ? [aligned(ages)] : []),
  ].join("\n\n");
}

/** Lists full volumes and expired certificates. */
export function exceeded({ volumes, certificates }: Bounds, now: Date): string[] {
  const full = volumes.filter(({ percent }) => percent >= fullPercent);
  return [
    ...fullWarnings(full),
    ...endingWarnings(
      certificates.filter(({ end }) => end < now),
      now,
    ),
  ];
}

/** Lists volumes and certificates that need attention soon, or at once. */
export function warnings({ volumes, certificates }: Bounds, now: Date): string[] {
  return [...fullWarnings(volumes), ...endingWarnings(certificates, now)];
}
