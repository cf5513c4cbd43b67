/** What a workload is given or finds, by what it is about: `env A`, `file /etc/a`, `memory`. */
export type Facts = Readonly<Record<string, string>>;

/** A difference that is meant to be: what it is about, and how it looks on either side. */
export interface Allowance {
  readonly about: RegExp;
  readonly docker: RegExp;
  readonly kubernetes: RegExp;
  readonly reason: string;
}

export interface Difference {
  readonly about: string;
  readonly docker: string;
  readonly kubernetes: string;
}

/** What a side says of a fact that only the other one has. */
export const absent = "(absent)";

/** Whatever is not the same on both sides. */
export function differences(docker: Facts, kubernetes: Facts): Difference[] {
  const about = [...new Set([...Object.keys(docker), ...Object.keys(kubernetes)])].sort();
  return about
    .map((fact) => ({
      about: fact,
      docker: docker[fact] ?? absent,
      kubernetes: kubernetes[fact] ?? absent,
    }))
    .filter((difference) => difference.docker !== difference.kubernetes);
}

export function allowing(
  { about, docker, kubernetes }: Difference,
  allowed: readonly Allowance[],
): Allowance | undefined {
  return allowed.find(
    (one) => one.about.test(about) && one.docker.test(docker) && one.kubernetes.test(kubernetes),
  );
}

/** One line. */
export function spelt({ about, docker, kubernetes }: Difference): string {
  const short = (text: string) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
  return `${about}: ${short(docker)} on Docker, ${short(kubernetes)} on Kubernetes`;
}

/** Where an allowance was made use of. */
interface Use {
  readonly facts: Set<string>;
  readonly workloads: Set<string>;
  readonly example: Difference;
}

/** Compares workloads and keeps account of what was allowed, and where. */
export class Ledger {
  private readonly allowed: readonly Allowance[];
  private readonly uses = new Map<Allowance, Use>();
  private compared = 0;

  constructor(allowed: readonly Allowance[]) {
    this.allowed = allowed;
  }

  /** Compares one workload; returns what no allowance is for. */
  compare(workload: string, docker: Facts, kubernetes: Facts): string[] {
    this.compared += new Set([...Object.keys(docker), ...Object.keys(kubernetes)]).size;
    return differences(docker, kubernetes).flatMap((difference) => {
      const allowance = allowing(difference, this.allowed);
      if (!allowance) return [`${workload}: ${spelt(difference)}`];
      const use = this.uses.get(allowance) ?? {
        facts: new Set(),
        workloads: new Set(),
        example: difference,
      };
      use.facts.add(difference.about);
      use.workloads.add(workload);
      this.uses.set(allowance, use);
      return [];
    });
  }

  /** Allowances that nothing made use of. */
  unused(): string[] {
    return this.allowed.filter((one) => !this.uses.has(one)).map(({ about }) => String(about));
  }

  /** What was allowed, where, and why. */
  lines(): string[] {
    const lines = [...this.uses].map(([{ reason }, { facts, workloads, example }]) => {
      const others = facts.size > 1 ? `, and ${facts.size - 1} like it` : "";
      return `allowed: ${spelt(example)}${others} (${[...workloads].sort().join(", ")}): ${reason}`;
    });
    return [`${this.compared} facts compared`, ...lines];
  }
}
