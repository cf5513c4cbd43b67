import type { Answer } from "../../ask.ts";
import type { Machine } from "../../machines.ts";
import { gist } from "./complaints.ts";
import type { Engine, Published, Sight } from "./facts.ts";

/** A port that something of ours is to listen on. */
export interface Port {
  readonly address: string;
  readonly port: number;
  /** What it is for and the key that changes it: `Flower (airflow:flowerPort)`. */
  readonly use: string;
}

/** Oldest engine that is known to do. */
const oldest = [20, 10] as const;

export function versionFault({ version }: Engine): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number.parseFloat);
  if (!(major < oldest[0] || (major === oldest[0] && minor < oldest[1]))) return;
  return `its Docker engine is ${version}; expected ${oldest.join(".")} or newer; upgrade it`;
}

/** @param asked MiB that what runs there may use */
export function memoryFault({ memory, cpus }: Engine, asked: number): string | undefined {
  if (asked <= memory) return;
  return (
    `its ${cpus} cores have ${memory} MiB of memory, and what is to run there may use ${asked} MiB; expected no ` +
    "more than there is; lower the machine's workers, airflow:workerMemory or the memory of worker groups"
  );
}

/** Seconds; Airflow compares times that were written on different machines. */
const clockTolerance = 5;

export function clockFault(
  { clock }: Engine,
  { asked, answered }: Pick<Answer, "asked" | "answered">,
): string | undefined {
  const ahead = (clock - (asked + answered) / 2) / 1000;
  const unknown = (answered - asked) / 2000;
  if (Math.abs(ahead) <= clockTolerance + unknown) return;
  const apart = `${Math.abs(ahead).toFixed(1)} s ${ahead > 0 ? "ahead of" : "behind"} ours`;
  return (
    `its clock is ${apart}; expected ${clockTolerance} s; set both by NTP (timedatectl set-ntp true), ` +
    "or correct ours if it is the wrong one"
  );
}

export function addressFault({ addresses }: Sight, address: string): string | undefined {
  if (addresses.includes(address)) return;
  const own = addresses.filter((one) => !one.startsWith("127."));
  return `its address is ${address}, which it does not have; expected its own: ${own.join(", ")}; correct address`;
}

/** @param asked MiB */
export function diskFault({ free }: Sight, { directory }: Engine, asked: number): string | undefined {
  if (asked <= free) return;
  return (
    `${directory}, where its engine keeps data, has ${free} MiB free; it takes ${asked} MiB; make room, for ` +
    "example by docker image prune"
  );
}

/** As the kernel writes a port. */
export function kernelPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** As the kernel writes an IPv4 address: its bytes backwards. */
function kernelAddress(address: string): string {
  return Buffer.from(address.split(".").map(Number)).reverse().toString("hex").toUpperCase();
}

/** Whether who listens on the one address is in the way of the other: the same, or one means all. */
function overlap(taken: string, wanted: string): boolean {
  return [taken, wanted].some((address) => /^[0:[\].]+$/.test(address)) || taken === wanted;
}

/** Containers that have a port that is asked for. */
function holdersOf({ address, port }: Port, published: readonly Published[]): string[] {
  return published
    .filter(({ address: taken, first, last }) => overlap(taken, address) && first <= port && port <= last)
    .map(({ container }) => container);
}

/** Whether a container is one of the stack's that publish ports, by its name. */
export type IsOwn = (container: string) => boolean;

/** Whether a container of the stack has a port that is asked for. */
export function isHeld(port: Port, published: readonly Published[], isOwn: IsOwn): boolean {
  return holdersOf(port, published).some(isOwn);
}

/** Who has a port that is asked for, other than a container of the stack. */
export function portFault(
  { listeners }: Sight,
  published: readonly Published[],
  isOwn: IsOwn,
  asked: Port,
): string | undefined {
  if (isHeld(asked, published, isOwn)) return;
  const { address, port, use } = asked;
  const holders = holdersOf(asked, published);
  const wanted = kernelAddress(address);
  const listener = listeners.find(
    // An IPv4 address among those of IPv6 is its end.
    (one) => one.port === kernelPort(port) && overlap(one.address.replace(/^0{16}FFFF0000/, ""), wanted),
  );
  if (holders.length === 0 && !listener) return;
  const owner =
    holders.length > 0
      ? `container ${holders[0]}`
      : (listener?.owner ?? "a process that does not show itself");
  return `port ${port} of ${address}, for ${use}, is taken by ${owner}; it must be free; stop that, or choose another port`;
}

/** Why nothing could be seen on a machine whose engine answers. */
export function blindFault(image: string, complaint: string): string {
  return /No such image|Unable to find image/.test(complaint)
    ? `it has no image ${image}; every machine must have it; run npm run images`
    : `it cannot be looked at with a container of ${image}: ${gist(complaint)}; one must run; find out there with docker run --rm ${image} true`;
}

/** @param others the entries before it, and the engines that they lead to */
export function sameEngineFault(
  engine: Engine,
  others: readonly { readonly machine: Machine; readonly engine?: Engine }[],
): string | undefined {
  const first = others.find((other) => other.engine?.identity === engine.identity);
  if (!first) return;
  return `its engine is that of machine ${first.machine.name}; expected each once; correct docker, or remove one`;
}
