import { spawn } from "node:child_process";

/** Period in which a worker takes no tasks: from its stop signal until its successor is healthy. */
interface Absence {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** Reads absences from lines of `docker events`: time in nanoseconds, name, event. */
export function absences(lines: readonly string[], prefix: string): readonly Absence[] {
  const since = new Map<string, number>();
  return lines.flatMap((line) => {
    const [nanoseconds, container = "", event] = line.split(/ (\S+) (.*)/);
    if (!container.startsWith(prefix)) return [];
    const at = Number(nanoseconds) / 1e6;
    const from = since.get(container);
    if (event === "kill" && from === undefined) since.set(container, at);
    if (event !== "health_status: healthy" || from === undefined) return [];
    since.delete(container);
    return [{ name: container.slice(prefix.length), from, until: at }];
  });
}

/** Counts the most workers that were away at the same time. */
export function mostAway(all: readonly Absence[]): number {
  const at = (moment: number) => all.filter(({ from, until }) => from <= moment && moment < until).length;
  return Math.max(0, ...all.map(({ from }) => at(from)));
}

/** Records when workers of a stack on the local engine take no tasks, until the returned function is called. */
export function watchWorkers(stack: string): () => readonly Absence[] {
  const filters = ["type=container", "event=kill", "event=health_status"].flatMap((each) => [
    "--filter",
    each,
  ]);
  const format = "{{.TimeNano}} {{.Actor.Attributes.name}} {{.Action}}";
  const events = spawn("docker", ["events", ...filters, "--format", format]);
  let text = "";
  events.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return () => {
    events.kill();
    return absences(text.split("\n"), `${stack}-worker-`);
  };
}
