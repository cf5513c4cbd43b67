import type { Settings } from "../../../settings/model/groups.ts";
import { factsOfEngines } from "../status/engine.ts";
import type { MachineFacts } from "../status/facts.ts";

/** Seconds between two polls. */
const every = 15;

/** Health check output that was not reported before, in lines: which instance waits, and for what. */
export function news(machines: readonly MachineFacts[], told: Set<string>): string[] {
  const lines = machines.flatMap((machine) => {
    if ("cause" in machine) return [];
    return machine.instances.flatMap(({ name, said }) =>
      said === undefined ? [] : [`  ${name} on ${machine.name}: ${said}`],
    );
  });
  const fresh = lines.filter((line) => !told.has(line));
  for (const line of fresh) told.add(line);
  return fresh;
}

/**
 * Reports the output of a stack's health checks on engines.
 * @returns a function that ends it
 */
export function watchWaiting(prefix: string, settings: Settings, tell: (line: string) => void): () => void {
  const told = new Set<string>();
  const look = async () => {
    for (const line of news(await factsOfEngines(prefix, settings), told)) tell(line);
  };
  const timer = setInterval(look, every * 1000);
  return () => clearInterval(timer);
}
