import type { Answer } from "../../ask.ts";
import type { Machine } from "../../machines.ts";
import { gist } from "./complaints.ts";
import type { EngineFacts, Published, Sight } from "./facts.ts";

/** A port on which the stack will listen. */
export interface Port {
  readonly address: string;
  readonly port: number;
  /** Purpose of the port and the key that changes it: `Flower (airflow:flowerPort)`. */
  readonly use: string;
  /** Names of the stack's container that gets the port, which may hold it already. */
  readonly by: readonly string[];
}

/** Drops the results of rules that found no fault. */
export function present(faults: readonly (string | undefined)[]): string[] {
  return faults.filter((fault) => fault !== undefined);
}

/** @throws Error listing every fault, if there is one */
export function refuse(subject: string, faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`${subject} ${faults.length} fault(s):\n  ${faults.join("\n  ")}`);
}

/** Oldest engine that is known to work. */
const oldest = [20, 10] as const;

function parts({ version }: EngineFacts): readonly [major: number, minor: number] {
  const [major = 0, minor = 0] = version.split(".").map(Number.parseFloat);
  return [major, minor];
}

/** Warns of an engine whose ports at 127.0.0.1 are open to routed packets of neighbours; Docker closed them in version 28. */
export function openLoopback(engine: EngineFacts): string | undefined {
  if (!(parts(engine)[0] < 28)) return;
  return (
    `the Docker engine is ${engine.version}: before 28, machines in the same network can reach what it publishes at 127.0.0.1, ` +
    "where only a login protects it; expected 28 or newer, or a firewall"
  );
}

/** Warns of an engine whose containers may read directories of the machine only with a label. */
export function labelled({ labels }: EngineFacts): string | undefined {
  if (!labels) return;
  return (
    "the Docker engine keeps containers by SELinux from directories of the machine, such as airflow:dags; " +
    "expected the label container_file_t there: chcon -Rt container_file_t DIRECTORY"
  );
}

function engineVersionFault(engine: EngineFacts): string | undefined {
  const { version } = engine;
  const [major, minor] = parts(engine);
  if (!(major < oldest[0] || (major === oldest[0] && minor < oldest[1]))) return;
  return `its Docker engine is ${version}; expected ${oldest.join(".")} or newer; upgrade it`;
}

function limitsFault({ limits }: EngineFacts): string | undefined {
  if (limits) return;
  return (
    "it cannot limit memory and CPU, so that one task could take the whole machine; expected control groups; " +
    "an engine without root has them with cgroup v2 and systemd"
  );
}

/** Lists what makes an engine unfit for every stack. */
export function engineFaults(engine: EngineFacts): string[] {
  if (engine.isPodman) {
    return [
      `its engine is Podman ${engine.version}, which has no service that starts containers again after a crash or a boot; ` +
        `expected Docker ${oldest.join(".")} or newer`,
    ];
  }
  return present([engineVersionFault(engine), limitsFault(engine)]);
}

/** @param builder architecture of the engine that builds the stack's images; undefined if a registry has them */
export function architectureFault(
  { architecture }: EngineFacts,
  builder: string | undefined,
): string | undefined {
  if (builder === undefined || architecture === builder) return;
  return (
    `its architecture is ${architecture}, and images are built here for ${builder}; expected one architecture, ` +
    "or airflow:images that a registry has for both"
  );
}

/** @param asked MiB that the stack's containers there may use */
export function memoryFault({ memory, cpus }: EngineFacts, asked: number): string | undefined {
  if (asked <= memory) return;
  return (
    `its workloads may use ${asked} MiB of memory; expected at most the ${memory} MiB of the machine, which has ${cpus} ` +
    "cores; lower the machine's workers, airflow:workerMemory or the memory of worker groups"
  );
}

/** Seconds by which clocks may differ; Airflow compares times that were written on different machines. */
const clockTolerance = 5;

export function clockFault(
  { clock }: EngineFacts,
  { asked, answered }: Pick<Answer, "asked" | "answered">,
): string | undefined {
  const ahead = (clock - (asked + answered) / 2) / 1000;
  const unknown = (answered - asked) / 2000;
  if (Math.abs(ahead) <= clockTolerance + unknown) return;
  const apart = `${Math.abs(ahead).toFixed(1)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`;
  return (
    `its clock is ${apart}; expected ${clockTolerance} s at most; set both by NTP (timedatectl set-ntp true), or ` +
    "correct this machine's if that is the wrong one"
  );
}

export function addressFault({ addresses }: Sight, engine: EngineFacts, address: string): string | undefined {
  if (addresses.includes(address)) return;
  if (engine.isRootless && parts(engine)[0] < 29)
    return (
      `its engine runs without root and is ${engine.version}: before 29, even containers with the machine's network see another one, ` +
      `so that neither the address ${address} nor free ports can be checked; expected 29 or newer, or an engine with root`
    );
  const candidates = addresses.filter((one) => !one.startsWith("127."));
  return `its address is ${address}, which none of its interfaces has; expected one of ${candidates.join(", ")}; correct address`;
}

/** @param asked MiB on each disk */
export function diskFaults(sight: Sight, { directory, images }: EngineFacts, asked: number): string[] {
  const pruning =
    "make room, for example with docker image prune --all, which removes images that no container uses";
  const disks =
    images === directory
      ? ([[directory, "data", sight.free, pruning]] as const)
      : ([
          [images, "images", sight.freeForImages, pruning],
          [directory, "volumes and logs", sight.free, "make room; docker system df --verbose lists volumes"],
        ] as const);
  return disks.flatMap(([place, what, free, fix]) =>
    asked <= free
      ? []
      : [`${place}, where its engine keeps ${what}, has ${free} MiB free; expected ${asked} MiB; ${fix}`],
  );
}

/** Writes a port in the kernel's notation: four hexadecimal digits. */
export function kernelPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** Writes an IPv4 address in the kernel's notation: its bytes reversed, in hexadecimal. */
function kernelAddress(address: string): string {
  return Buffer.from(address.split(".").map(Number)).reverse().toString("hex").toUpperCase();
}

/** True if two listening addresses conflict: they are equal, or either of them means all addresses. */
function overlap(taken: string, wanted: string): boolean {
  return [taken, wanted].some((address) => /^[0:[\].]+$/.test(address)) || taken === wanted;
}

/** Names the containers that hold a requested port. */
function holdersOf({ address, port }: Port, published: readonly Published[]): string[] {
  return published
    .filter(({ address: taken, first, last }) => overlap(taken, address) && first <= port && port <= last)
    .map(({ container }) => container);
}

/** Returns the name within the stack of a container that publishes ports; undefined for a container of others. */
export type OwnName = (container: string) => string | undefined;

/** True if the container that gets a port holds it already. */
export function isHeld(port: Port, published: readonly Published[], ownName: OwnName): boolean {
  return holdersOf(port, published).some((holder) => port.by.includes(ownName(holder) ?? ""));
}

/** Reports what holds a requested port, other than the container that gets it. */
export function portFault(
  { listeners }: Sight,
  published: readonly Published[],
  ownName: OwnName,
  asked: Port,
): string | undefined {
  if (isHeld(asked, published, ownName)) return;
  const { address, port, use } = asked;
  const holders = holdersOf(asked, published);
  const wanted = kernelAddress(address);
  const listener = listeners.find(
    // An IPv4-mapped IPv6 address ends with the IPv4 address.
    (one) => one.port === kernelPort(port) && overlap(one.address.replace(/^0{16}FFFF0000/, ""), wanted),
  );
  if (holders.length === 0 && !listener) return;
  const [holder] = holders;
  const owner = holder === undefined ? (listener?.owner ?? "an unknown process") : `container ${holder}`;
  const fix =
    holder !== undefined && ownName(holder) !== undefined
      ? "the deployment may need it before that container is replaced; choose another, or deploy with another first"
      : "stop that, or choose another";
  return `port ${port} of ${address}, for ${use}, is taken by ${owner}; expected a free port; ${fix}`;
}

/** Explains why a machine could not be inspected although its engine answers. */
export function blindFault(image: string, complaint: string): string {
  return /No such image|Unable to find image/.test(complaint)
    ? `it has no image ${image}; expected it on every machine; run npm run images`
    : `it cannot be inspected by a container of ${image}: ${gist(complaint)}; expected one to run; try there: docker run --rm ${image} true`;
}

/** @param others earlier entries, and the engines that they lead to */
export function sameEngineFault(
  engine: EngineFacts,
  others: readonly { readonly machine: Machine; readonly engine?: EngineFacts }[],
): string | undefined {
  const first = others.find((other) => other.engine?.identity === engine.identity);
  if (!first) return;
  return `its engine is that of machine ${first.machine.name}, too; expected another; correct docker, or remove one`;
}
