import { setTimeout as sleep } from "node:timers/promises";
import type { AirflowApi } from "../../../tools/lib/airflow.ts";
import { median } from "../median.ts";

/** Milliseconds between the starts of two runs, unless one takes longer. */
const period = 2000;

/** Milliseconds between two looks at a run. */
const pause = 200;

/** A run of the DAG `pulse`, or the attempt to trigger one; times in milliseconds. */
export interface Beat {
  readonly begin: number;
  readonly end: number;
  /** `refused` if the webserver did not answer, `gone` if a restored database lacks the run. */
  readonly state: "success" | "failed" | "refused" | "gone";
}

/** Runs of a DAG during a step, and their delays. */
export interface Felt {
  /** Runs that were asked for. */
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Seconds from the trigger to the end, of the runs that succeeded. */
  readonly median: number;
  readonly longest: number;
  /** Longest time in which no run succeeded, in seconds. */
  readonly gap: number;
}

/** Summarises the runs that began during a step, whose begin and end are given in milliseconds. */
export function feltBetween(beats: readonly Beat[], begin: number, end: number): Felt {
  const during = beats.filter((beat) => beat.begin >= begin && beat.begin < end);
  const good = during.filter(({ state }) => state === "success");
  const seconds = good.map((beat) => (beat.end - beat.begin) / 1000);
  const ends = beats.flatMap((beat) => (beat.state === "success" ? [beat.end] : []));
  const marks = [begin, ...ends.filter((at) => at > begin && at < end), end];
  return {
    runs: during.length,
    succeeded: good.length,
    failed: during.filter(({ state }) => state === "failed").length,
    median: median(seconds),
    longest: Math.max(...seconds),
    gap: Math.max(...marks.slice(1).map((at, before) => at - (marks[before] ?? at))) / 1000,
  };
}

/** Triggers a DAG of one task that does nothing, again and again. */
export class Pulse {
  readonly beats: Beat[] = [];
  private readonly connect: () => AirflowApi;
  private readonly ended: Promise<void>;
  private isOver = false;

  /** @param connect makes a client, again after a refusal */
  constructor(connect: () => AirflowApi) {
    this.connect = connect;
    this.ended = this.beat();
  }

  stop(): Promise<void> {
    this.isOver = true;
    return this.ended;
  }

  private async beat(): Promise<void> {
    let api = this.connect();
    while (!this.isOver) {
      const begin = Date.now();
      const state = await this.run(api).catch(() => "refused" as const);
      if (state === "refused") api = this.connect();
      if (state) this.beats.push({ begin, end: Date.now(), state });
      await sleep(Math.max(0, begin + period - Date.now()));
    }
  }

  /** Triggers a run; returns its end, undefined if this pulse stops first. */
  private async run(api: AirflowApi): Promise<Beat["state"] | undefined> {
    const { dag_run_id: run } = await api.trigger("pulse");
    const look = async () => (await api.dagRun("pulse", run))?.state ?? "gone";
    while (!this.isOver) {
      // A webserver that is busy or away may refuse a request; a later one tells.
      const state = await look().catch(() => undefined);
      if (state === "success" || state === "failed" || state === "gone") return state;
      await sleep(pause);
    }
    return undefined;
  }
}
