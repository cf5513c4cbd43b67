/** Facts that an engine reports about itself and its machine. */
export interface EngineFacts {
  /** Unique to each engine, even if its machine was cloned. */
  readonly identity: string;
  readonly version: string;
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  /** The engine's clock, in milliseconds since 1970. */
  readonly clock: number;
  /** Data directory of the engine. */
  readonly directory: string;
  /** Directory of its images, which containerd may keep on another disk. */
  readonly images: string;
  /** Architecture in the kernel's words: `x86_64`, `aarch64`. */
  readonly architecture: string;
  /** True if the engine can limit memory and CPU; a rootless engine may not. */
  readonly limits: boolean;
  /** True for Podman, which answers like Docker. */
  readonly isPodman: boolean;
  /** True if SELinux decides which directories of the machine containers may read. */
  readonly labels: boolean;
  /** True for an engine that runs without root. */
  readonly isRootless: boolean;
}

/** A listening socket; address and port are in the kernel's notation. */
interface Listener {
  readonly address: string;
  readonly port: string;
  /** Name and number of the process, if visible. */
  readonly owner?: string | undefined;
}

/** A published port of a container; a range of ports is one entry. */
export interface Published {
  readonly container: string;
  readonly address: string;
  readonly first: number;
  readonly last: number;
}

/** Facts seen on a machine. */
export interface Sight {
  readonly addresses: readonly string[];
  /** MiB free where the engine has images and what containers write. */
  readonly freeForImages: number;
  /** MiB free in the engine's data directory. */
  readonly free: number;
  readonly listeners: readonly Listener[];
}

interface Info {
  readonly ID: string;
  readonly Name: string;
  readonly ServerVersion: string;
  readonly MemTotal: number;
  readonly NCPU: number;
  readonly SystemTime: string;
  readonly DockerRootDir: string;
  /** Pairs of a name and a value. */
  readonly DriverStatus?: readonly (readonly string[])[] | null;
  /** Absent from older engines. */
  readonly Containerd?: { readonly Address?: string } | null;
  readonly Architecture: string;
  readonly MemoryLimit: boolean;
  readonly CpuCfsQuota: boolean;
  readonly SecurityOptions?: readonly string[] | null;
  /** Why the engine did not answer; clients before 23 exit with success then. */
  readonly ServerErrors?: readonly string[];
}

/**
 * Finds the directory of an engine's images. With the containerd image store, the default of new installations from Docker 29 on, that
 * is containerd's own, which `data-root` does not move, unless the engine runs a containerd for itself.
 */
function imagesOf({ DockerRootDir, DriverStatus, Containerd }: Info): string {
  const isContainerd = DriverStatus?.some(([, value]) => value === "io.containerd.snapshotter.v1");
  if (!isContainerd) return DockerRootDir;
  const isOwn = Containerd?.Address?.includes("/docker/containerd/");
  return isOwn ? `${DockerRootDir}/containerd` : "/var/lib/containerd";
}

/**
 * Reads the output of `docker info --format '{{json .}}'`.
 * @returns the engine's complaint instead, if the output has one
 */
export function readInfo(text: string): EngineFacts | string {
  const info: Info = JSON.parse(text);
  if (info.ServerErrors?.length) return info.ServerErrors.join("\n");
  return {
    identity: `${info.ID} ${info.Name}`,
    version: info.ServerVersion,
    memory: Math.floor(info.MemTotal / 2 ** 20),
    cpus: info.NCPU,
    clock: Date.parse(info.SystemTime),
    directory: info.DockerRootDir,
    images: imagesOf(info),
    architecture: info.Architecture,
    limits: info.MemoryLimit && info.CpuCfsQuota,
    labels: info.SecurityOptions?.includes("name=selinux") ?? false,
    isRootless: info.SecurityOptions?.includes("name=rootless") ?? false,
    isPodman: info.DockerRootDir.endsWith("/containers/storage"),
  };
}

/** Reads the output of `inspect-machine.sh`. */
export function readSight(text: string): Sight {
  const rows = text.split("\n").map((line) => line.split(" "));
  const of = (kind: string) => rows.filter(([word]) => word === kind).map(([, ...rest]) => rest);
  const owners = of("owner");
  return {
    addresses: of("address").map(([address = ""]) => address),
    freeForImages: Number(of("free")[0]?.[0]),
    free: Number(of("free").at(-1)?.[0]),
    listeners: of("listener").map(([inode, address = "", port = ""]) => {
      const [first] = owners
        .filter(([socket]) => socket === inode)
        .sort(([, a], [, b]) => Number(a) - Number(b));
      const [, pid, ...name] = first ?? [];
      return { address, port, owner: first && `${name.join(" ")} (process ${pid})` };
    }),
  };
}

/** Reads the output of `docker ps --format '{{.Names}} {{.Ports}}'`. */
export function readPublished(text: string): Published[] {
  return text.split("\n").flatMap((line) => {
    const [container = "", ...ports] = line.split(/,? /);
    return ports.flatMap((port) => {
      const [, address, first, last = first] = /^(.+):(\d+)(?:-(\d+))?->.*\/tcp$/.exec(port) ?? [];
      return address ? [{ container, address, first: Number(first), last: Number(last) }] : [];
    });
  });
}
