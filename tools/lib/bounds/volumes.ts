import { instancesOn, type MachineFacts } from "../status/facts.ts";
import type { Exec } from "../status/inside.ts";

/** Percentage of used space from which on there is a warning. */
const warningPercent = 85;

const logs = "/opt/airflow/logs";

/** Directories of volumes, by the prefix of instance names; one instance of each prefix is asked on each machine. */
const directoriesByPrefix: Readonly<Record<string, readonly string[]>> = {
  postgres: ["/var/lib/postgresql/data"],
  redis: ["/data"],
  scheduler: [logs],
  triggerer: [logs],
  "dag-processor": [logs],
  worker: [logs, "/opt/airflow/data"],
};

/** Used space of a volume; on an engine, of the disk that its volumes share. */
export interface Fullness {
  readonly machine: string;
  /** Instance and directory: `postgres:/var/lib/postgresql/data`. */
  readonly volume: string;
  /** KiB. */
  readonly size: number;
  readonly percent: number;
}

/** Reads the output of `df -P -k`, which has a line for each directory, in the order asked for. */
function fullnessIn(text: string, machine: string, instance: string, asked: readonly string[]): Fullness[] {
  const rows = text.trim().split("\n").slice(1);
  return rows.flatMap((row, at) => {
    const [, size, , , used] = row.split(/\s+/);
    const percent = Number.parseInt(used ?? "", 10);
    return Number.isNaN(percent)
      ? []
      : [{ machine, volume: `${instance}:${asked[at]}`, size: Number(size), percent }];
  });
}

/** Runs `df` in containers or pods, which see their volumes on every platform. */
export async function volumeFacts(machines: readonly MachineFacts[], exec: Exec): Promise<Fullness[]> {
  const found = machines.flatMap((machine) => {
    const running = instancesOn(machine).filter(({ state }) => state === "running");
    return Object.entries(directoriesByPrefix).map(async ([role, directories]) => {
      const instance = running.find(({ name }) => name.startsWith(role))?.name;
      if (instance === undefined) return [];
      const { text, complaint } = await exec(machine.name, instance, ["df", "-P", "-k", ...directories]);
      return complaint === undefined ? fullnessIn(text, machine.name, instance, directories) : [];
    });
  });
  return (await Promise.all(found)).flat();
}

/** Share of a full volume, whose root may keep some for itself. */
export const fullPercent = 98;

export function fullWarnings(all: readonly Fullness[]): string[] {
  return all
    .filter(({ percent }) => percent >= warningPercent)
    .map(({ machine, volume, percent }) => `${volume} on ${machine} is ${percent} % full`);
}
