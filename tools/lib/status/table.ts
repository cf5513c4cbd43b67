import { sumOf } from "../../../settings/model/sizes.ts";
import { instancesOn, type MachineFacts, outOfMemory, type TaskFacts } from "./facts.ts";
import { compare, type QueueFacts } from "./load.ts";
import type { WaitingRun } from "./waiting.ts";

export interface StatusFacts {
  readonly machines: readonly MachineFacts[];
  readonly tasks: TaskFacts;
  readonly queues: readonly QueueFacts[];
}

type Row = readonly string[];

/** Shortens an image name: no registry or repository, no tag beside a digest, and only the digest's start. */
export function short(image: string): string {
  return image
    .replace(/^.*\//, "")
    .replace(/:[\w.-]+(?=@)/, "")
    .replace(/(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, "$1");
}

/** Formats the age of a time: `5 min ago`. */
export function ago(since: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86400)} d ago`;
}

/** Aligns texts in columns. The last text of a row does not widen its column. */
export function aligned(rows: readonly Row[]): string {
  const width = (column: number) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? (row[column]?.length ?? 0) : 0)));
  const line = (row: Row) => row.map((text, at) => text.padEnd(width(at))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

function work(name: string, tasks: TaskFacts): Row {
  const worker = "cause" in tasks ? undefined : tasks.workers[name];
  if (worker === undefined) return ["", ""];
  return worker
    ? [
        worker.queues.toSorted(compare).join(","),
        `${sumOf(Object.values(worker.running))} of ${worker.places}`,
      ]
    : ["?", "?"];
}

function machineRows(machine: MachineFacts, tasks: TaskFacts, now: Date): Row[] {
  if ("cause" in machine) return [[machine.name, `does not answer: ${machine.cause}`]];
  return machine.instances
    .toSorted((one, other) => compare(one.name, other.name))
    .map(({ name, state, health, image, since, restarts, reason }) => {
      const when = since ? ago(since, now) : "";
      const again = `${restarts || ""}${reason === outOfMemory ? ` ${reason}` : ""}`.trim();
      return [machine.name, name, state, health, short(image), when, again, ...work(name, tasks)];
    });
}

/** Formats a duration: `5 min`. */
function duration(seconds: number): string {
  return ago(new Date(0), new Date(seconds * 1000)).replace(" ago", "");
}

function queueTable({ tasks, queues }: StatusFacts): string {
  if ("cause" in tasks) return `Queues and tasks are unknown: ${tasks.cause}`;
  const rows = queues.map(({ name, length, oldestSeconds, running, consumers, places, busy, unread }) => [
    name,
    String(length),
    oldestSeconds === null ? "" : duration(oldestSeconds),
    String(running),
    String(consumers),
    `${Math.max(0, places - busy)} of ${places}`,
    unread ? "no worker reads it" : "",
  ]);
  return aligned([["queue", "queued", "oldest", "running", "workers", "free places", ""], ...rows]);
}

/** Renders the table of the runs that wait, with the reason, and the number of those that are not listed. */
export function waitingTable(waiting: readonly WaitingRun[], unlisted: number): string {
  const rows = waiting.map(({ dag, run, tasks, seconds, why }) => [
    dag,
    run,
    tasks === null ? "the run" : `${tasks} task(s)`,
    duration(seconds),
    why,
  ]);
  const more = unlisted > 0 ? `\nand ${unlisted} more, which have waited for less time` : "";
  return aligned([["dag", "run", "waits", "for", "because"], ...rows]) + more;
}

/** Renders the tables of the instances and the queues. */
export function statusTable(facts: StatusFacts, now: Date): string {
  const head = ["machine", "instance", "state", "health", "image", "since", "restarts", "queues", "running"];
  const rows = facts.machines.flatMap((machine) => machineRows(machine, facts.tasks, now));
  return `${aligned([head, ...rows])}\n\n${queueTable(facts)}`;
}

/** Lists the restarts that the kernel has caused, with the remedy. */
export function memoryWarnings(machines: readonly MachineFacts[]): string[] {
  return machines.flatMap((machine) =>
    instancesOn(machine)
      .filter(({ reason }) => reason === outOfMemory)
      .map(
        ({ name }) =>
          `${name} on ${machine.name} was out of memory: give its role or its group a higher memory limit`,
      ),
  );
}

/** Lists machines, instances and queues that need a person. */
export function troubles({ machines, tasks, queues }: StatusFacts): string[] {
  const found = machines.flatMap((machine) => {
    if ("cause" in machine) return [`${machine.name} does not answer`];
    return machine.instances
      .filter(({ fine, output }) => !fine || output !== undefined)
      .map(({ name, state, health, output }) => {
        const is = `${name} on ${machine.name} is ${state}${health && ` (${health})`}`;
        return output === undefined ? is : `${is}: ${output}`;
      });
  });
  if ("cause" in tasks) return [...found, "queues and tasks are unknown"];
  const waiting = queues
    .filter(({ unread }) => unread)
    .map(({ name, length }) => `${length} task(s) wait in queue ${name}, which no worker reads`);
  return [...found, ...waiting];
}
