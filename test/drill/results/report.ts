import type { Result } from "./results.ts";

/** A schedule's result, for people. */
export function told({ seed, seconds, tasks, attempts, faults, findings }: Result): string {
  const lines = faults.map(({ kind, target, cost, recovery }) => {
    const again = recovery === undefined ? "" : `, at work again after ${recovery} s`;
    return `  ${kind} of ${target}: ${cost} attempts lost, as it may${again}`;
  });
  const found = findings.map(({ flaw, told: what }) => `  ${flaw.toUpperCase()} ${what}`);
  const end =
    found.length === 0 ? "no flaw" : `${found.length} flaws; again: npm run drill -- --seed ${seed}`;
  return [
    `  ${tasks} tasks, ${attempts} executions, ${seconds} s`,
    ...lines,
    ...found,
    `  seed ${seed}: ${end}`,
  ].join("\n");
}
