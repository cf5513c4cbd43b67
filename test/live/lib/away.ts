import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { AirflowApi } from "../../../tools/lib/airflow.ts";

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

/** Gives Airflow the connection and the variable that tasks of the DAG `sealed` read. */
export async function seal(api: AirflowApi): Promise<void> {
  const connection = { connection_id: "sealed", conn_type: "http", password: "opened-connection" };
  await api.call("/connections", "POST", connection);
  await api.call("/variables", "POST", { key: "sealed", value: "opened-variable" });
}

/** Starts runs of short tasks until stopped; `stop` returns the ids of those that the webserver took. */
export function load(api: AirflowApi): { readonly stop: () => Promise<readonly string[]> } {
  let on = true;
  const loop = async () => {
    const runs: string[] = [];
    while (on) {
      // A webserver that is being replaced may refuse a run: Airflow has not promised anything.
      const run = await api.trigger("sealed", { seconds: 1 }).catch(() => undefined);
      if (run) runs.push(run.dag_run_id);
      await sleep(3000);
    }
    return runs;
  };
  const looping = loop();
  return {
    stop: () => {
      on = false;
      return looping;
    },
  };
}
