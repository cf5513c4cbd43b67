import type { Finding } from "../check/evidence.ts";
import type { Result } from "./results.ts";

/** Maximum number of findings to list of one kind: a task that hangs causes many. */
const most = 8;

function linesOf(findings: readonly Finding[]): string[] {
  const byFlaw = [...Map.groupBy(findings, ({ flaw }) => flaw)];
  return byFlaw.flatMap(([flaw, of]) => {
    const lines = of.slice(0, most).map(({ observed }) => `  ${flaw.toUpperCase()} ${observed}`);
    return of.length > most ? [...lines, `  ${flaw.toUpperCase()} and ${of.length - most} more`] : lines;
  });
}

/** Reports a schedule's result: a line per fault and per finding, and the command that repeats it. */
export function scheduleReport({ seed, seconds, tasks, attempts, faults, findings }: Result): string {
  const lines = faults.map(({ kind, target, cost, recovery }) => {
    const again = recovery === undefined ? "" : `, working again after ${recovery} s`;
    return `  ${kind} of ${target}: ended ${cost} attempts, as allowed${again}`;
  });
  const count = findings.length;
  const end = count === 0 ? "no flaw" : `${count} flaws; to repeat it: npm run drill -- --seed ${seed}`;
  const head = `  ${tasks} tasks, ${attempts} executions, ${seconds} s`;
  return [head, ...lines, ...linesOf(findings), `  seed ${seed}: ${end}`].join("\n");
}
