/** Subject of a trial: a queue, which any of its workers may serve, or one worker. */
interface Subject {
  readonly kind: "queue" | "worker";
  readonly name: string;
}

/** A trial that has ended, as the program in the scheduler's container reports it. */
export interface Ended extends Subject {
  readonly event: "success" | "busy" | "failed";
  readonly run: string;
  /** Step that failed. */
  readonly step?: string;
  readonly why?: string;
  /** Seconds from the scheduler's decision to the end of the task. */
  readonly seconds?: number;
}

/** Events of the program. */
export type Event =
  | Ended
  | (Subject & { readonly event: "waits"; readonly why: string })
  | { readonly event: "ended" };

/** A trial after its log was read. */
export interface Trial extends Ended {
  /** Host that ran the task, according to the task's log. */
  readonly host?: string;
  /** Log of a task that failed. */
  readonly log?: readonly string[];
}

export function title({ kind, name }: Subject): string {
  return `${kind} ${name}`;
}

function line(trial: Trial, width: number): string {
  const { event, step, why, seconds, host, kind } = trial;
  const name = title(trial).padEnd(width);
  if (event === "success") return `${name}  ${seconds} s${kind === "queue" ? `, by ${host}` : ""}`;
  if (event === "busy") return `${name}  not tried: ${why}`;
  return `${name}  FAILED at the ${step}: ${why}`;
}

/** Renders trials as text: one line each, and the end of the logs of tasks that failed. */
export function proofReport(trials: readonly Trial[]): string {
  const width = Math.max(...trials.map((trial) => title(trial).length));
  return trials
    .flatMap((trial) => [line(trial, width), ...(trial.log ?? []).slice(-5).map((text) => `  ${text}`)])
    .map((text) => `  ${text}`)
    .join("\n");
}

/** Lists the subjects of the trials that failed. */
export function failures(trials: readonly Trial[]): readonly string[] {
  return trials.filter(({ event }) => event === "failed").map(title);
}

/** Summarises a proof in which nothing failed. */
export function verdict(trials: readonly Trial[]): string {
  const busy = trials.filter(({ event }) => event === "busy").map(title);
  return busy.length === 0
    ? "Every queue and every worker works."
    : `Nothing failed. Not tried, since other tasks come first: ${busy.join(", ")}.`;
}
