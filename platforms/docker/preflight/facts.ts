/** What an engine says of itself and its machine. */
export interface Engine {
  /** The same for no two engines, even if one was cloned from the other. */
  readonly identity: string;
  readonly version: string;
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  /** Milliseconds since 1970, by its clock. */
  readonly clock: number;
  /** Where it keeps its data. */
  readonly directory: string;
}

/** Somebody who waits for connections; address and port are written as the kernel does. */
export interface Listener {
  readonly address: string;
  readonly port: string;
  /** The name and number of the process, if it can be seen. */
  readonly owner?: string | undefined;
}

/** A container's port that is published; several in a row are one. */
export interface Published {
  readonly container: string;
  readonly address: string;
  readonly first: number;
  readonly last: number;
}

/** What was seen on a machine. */
export interface Sight {
  readonly addresses: readonly string[];
  /** MiB that are free where the engine keeps its data. */
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
  /** Why it could not be asked; clients before 23 count that as a success. */
  readonly ServerErrors?: readonly string[];
}

/**
 * Reads the output of `docker info --format '{{json .}}'`.
 * @returns the complaint instead, if there is one in it
 */
export function readInfo(text: string): Engine | string {
  const info: Info = JSON.parse(text);
  if (info.ServerErrors?.length) return info.ServerErrors.join("\n");
  return {
    identity: `${info.ID} ${info.Name}`,
    version: info.ServerVersion,
    memory: Math.floor(info.MemTotal / 2 ** 20),
    cpus: info.NCPU,
    clock: Date.parse(info.SystemTime),
    directory: info.DockerRootDir,
  };
}

/** Reads the output of `inspect-machine.sh`. */
export function readSight(text: string): Sight {
  const rows = text.split("\n").map((line) => line.split(" "));
  const of = (kind: string) => rows.filter(([word]) => word === kind).map(([, ...rest]) => rest);
  const owners = of("owner");
  return {
    addresses: of("address").map(([address = ""]) => address),
    free: Number(of("free")[0]?.[0]),
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
