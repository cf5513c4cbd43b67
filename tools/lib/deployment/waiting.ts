import type { Settings } from "../../../settings/model/groups.ts";
import { factsOfEngines } from "./engine.ts";
import type { MachineFacts } from "./table.ts";

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

/** Waits for a deployment to engines, and meanwhile reports the output of the stack's health checks. */
export async function telling(prefix: string, settings: Settings, deployment: Promise<void>): Promise<void> {
  const told = new Set<string>();
  const look = async () => {
    for (const line of news(await factsOfEngines(prefix, settings), told)) console.log(line);
  };
  const timer = setInterval(look, every * 1000);
  try {
    await deployment;
  } finally {
    clearInterval(timer);
  }
}
