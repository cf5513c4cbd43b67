/** Facts about a workload, by subject: `env A`, `file /etc/a`, `memory`. */
export type Facts = Readonly<Record<string, string>>;

/** Intended difference: its subject and how it looks on each platform. */
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

/** Value of a fact that only the other platform has. */
export const absent = "(absent)";

/** Facts that differ between the platforms. */
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

/** Describes a difference in one line. */
export function spelt({ about, docker, kubernetes }: Difference): string {
  const short = (text: string) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
  return `${about}: ${short(docker)} on Docker, ${short(kubernetes)} on Kubernetes`;
}

/** Places where an allowance applied. */
interface Use {
  readonly facts: Set<string>;
  readonly workloads: Set<string>;
  readonly example: Difference;
}

/** Compares workloads and records which differences were allowed, and where. */
export class Ledger {
  private readonly allowed: readonly Allowance[];
  private readonly uses = new Map<Allowance, Use>();
  private compared = 0;

  constructor(allowed: readonly Allowance[]) {
    this.allowed = allowed;
  }

  /** Compares one workload; returns differences without an allowance. */
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

  /** Lists the subjects of allowances that never applied. */
  unused(): string[] {
    return this.allowed.filter((one) => !this.uses.has(one)).map(({ about }) => String(about));
  }

  /** Reports the allowed differences, with places and reasons. */
  lines(): string[] {
    const lines = [...this.uses].map(([{ reason }, { facts, workloads, example }]) => {
      const others = facts.size > 1 ? `, and ${facts.size - 1} like it` : "";
      return `allowed: ${spelt(example)}${others} (${[...workloads].sort().join(", ")}): ${reason}`;
    });
    return [`${this.compared} facts compared`, ...lines];
  }
}
