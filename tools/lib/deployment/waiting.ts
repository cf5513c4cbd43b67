import type { Settings } from "../../../settings/model/groups.ts";
import { factsOfEngines } from "../status/engine.ts";
import { instancesOn, type MachineFacts } from "../status/facts.ts";

/** Seconds between two polls. */
const every = 15;

/** Lists new outputs of health checks, one line each: the instance, and what it waits for. */
export function news(machines: readonly MachineFacts[], reported: Set<string>): string[] {
  const lines = machines.flatMap((machine) =>
    instancesOn(machine).flatMap(({ name, output }) =>
      output === undefined ? [] : [`  ${name} on ${machine.name}: ${output}`],
    ),
  );
  const fresh = lines.filter((line) => !reported.has(line));
  for (const line of fresh) reported.add(line);
  return fresh;
}

/**
 * Reports the output of a stack's health checks on engines.
 * @returns a function that ends the reports
 */
export function watchWaiting(prefix: string, settings: Settings, report: (line: string) => void): () => void {
  const reported = new Set<string>();
  const look = async () => {
    for (const line of news(await factsOfEngines(prefix, settings), reported)) report(line);
  };
  const timer = setInterval(look, every * 1000);
  return () => clearInterval(timer);
}
