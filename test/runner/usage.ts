import { idleBetween, type Times, times } from "./pace.ts";
import { kinds, type Step } from "./steps.ts";

/** CPU use over a second or so of a run. */
interface Sample {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** CPU seconds used by all processes of the machine. */
  readonly cpu: number;
  /** Number of jobs and preparations that were running. */
  readonly sharers: number;
}

/** Seconds and CPU seconds of a part of a job. */
export interface Cost {
  readonly seconds: number;
  readonly cpu: number;
}

/** Divides the machine's CPU time among jobs, as containers and clusters are no child processes of theirs. */
export class Usage {
  private readonly samples: Sample[] = [];
  private last: Times = times();
  private at = Date.now();

  /**
   * Records CPU use since the last call.
   * @param sharers number of jobs and preparations running meanwhile
   * @returns share of all cores that was idle, from 0 to 1
   */
  sample(sharers: number): number {
    const [now, to] = [times(), Date.now()];
    const cpu = (now.busy - this.last.busy) / 1000;
    this.samples.push({ from: this.at, to, cpu, sharers: Math.max(1, sharers) });
    const idle = idleBetween(this.last, now);
    [this.last, this.at] = [now, to];
    return idle;
  }

  /** Computes a period's cost to one job: the machine's CPU time, divided evenly among all jobs that ran. */
  cost(from: number, to: number): Cost {
    const parts = this.samples.map((sample) => {
      const overlap = Math.min(to, sample.to) - Math.max(from, sample.from);
      return overlap <= 0 ? 0 : (sample.cpu / sample.sharers) * (overlap / (sample.to - sample.from));
    });
    return { seconds: (to - from) / 1000, cpu: parts.reduce((sum, part) => sum + part, 0) };
  }
}

/** Computes the cost of a job, by step; `act` is the rest. */
export function costsOf(usage: Usage, from: number, to: number, steps: readonly Step[]) {
  const whole = usage.cost(from, to);
  const sum = (costs: readonly Cost[]): Cost => ({
    seconds: costs.reduce((all, { seconds }) => all + seconds, 0),
    cpu: costs.reduce((all, { cpu }) => all + cpu, 0),
  });
  const byKind = kinds.map((kind) => {
    const costs = steps.filter((step) => step.kind === kind).map((step) => usage.cost(step.from, step.to));
    return [kind, sum(costs)] as const;
  });
  const timed = sum(byKind.map(([, cost]) => cost));
  const act: Cost = { seconds: whole.seconds - timed.seconds, cpu: whole.cpu - timed.cpu };
  return [["whole", whole], ...byKind, ["act", act]] as const;
}
