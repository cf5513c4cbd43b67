import type { Settings } from "../../../settings/model/groups.ts";
import { factsOfEngines } from "./engine.ts";
import type { MachineFacts } from "./table.ts";

/** Seconds between two looks. */
const every = 15;

/** What health checks have printed and was not told before, in lines: whom and what is waited for. */
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

/** Waits for a deployment to engines, and tells meanwhile what the health checks of the stack have to say. */
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
