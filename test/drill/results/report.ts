import type { Finding } from "../check/evidence.ts";
import type { Result } from "./results.ts";

/** Most findings of one kind to list: a task that hangs causes many. */
const most = 8;

function listed(findings: readonly Finding[]): string[] {
  const sorts = [...Map.groupBy(findings, ({ flaw }) => flaw)];
  return sorts.flatMap(([flaw, of]) => {
    const lines = of.slice(0, most).map(({ told: what }) => `  ${flaw.toUpperCase()} ${what}`);
    return of.length > most ? [...lines, `  ${flaw.toUpperCase()} and ${of.length - most} more`] : lines;
  });
}

/** Report of a schedule's result. */
export function told({ seed, seconds, tasks, attempts, faults, findings }: Result): string {
  const lines = faults.map(({ kind, target, cost, recovery }) => {
    const again = recovery === undefined ? "" : `, at work again after ${recovery} s`;
    return `  ${kind} of ${target}: ${cost} attempts lost, as it may${again}`;
  });
  const count = findings.length;
  const end = count === 0 ? "no flaw" : `${count} flaws; again: npm run drill -- --seed ${seed}`;
  const head = `  ${tasks} tasks, ${attempts} executions, ${seconds} s`;
  return [head, ...lines, ...listed(findings), `  seed ${seed}: ${end}`].join("\n");
}
