import { apiProcesses, heartbeatCost, heartbeatInterval, heartbeatShare } from "../apiCapacity.ts";
import { groupsOf } from "../groups.ts";
import type { Stated } from "../schema.ts";
import { slotsOf } from "../slots.ts";
import { majorOf } from "../versions.ts";
import type { Fault } from "./fault.ts";
import { said } from "./said.ts";

/** More running tasks than the webserver takes heartbeats of: it would have no time for anything else. */
export function apiCapacityFaults(parsed: Stated): Fault[] {
  if (majorOf(parsed.version) === "2") return [];
  const given = said(parsed, "workers.min_heartbeat_interval");
  const groups = groupsOf(parsed);
  const interval = Number(given?.value ?? heartbeatInterval({ ...parsed, groups }));
  if (!(interval > 0)) return [];
  const [slots, processes] = [slotsOf(groups), apiProcesses(parsed)];
  const [busy, most] = [(slots * heartbeatCost) / interval, processes * heartbeatShare];
  if (busy <= most) return [];
  const least = Math.ceil((slots * heartbeatCost) / interval / heartbeatShare / processes);
  const arithmetic =
    `${slots} places x ${heartbeatCost * 1000} ms / ${interval} s between heartbeats = ${busy.toFixed(2)} of a core, ` +
    `and ${processes} webserver process(es) may spend ${most.toFixed(2)} on them`;
  const raised = `settings.api.workers at least ${least * Number(said(parsed, "api.workers")?.value ?? 1)}`;
  if (given) {
    const needed = Math.ceil((slots * heartbeatCost) / most);
    return [
      {
        path: given.path,
        message: `${arithmetic}: allowed is at least ${needed}, or ${raised}`,
        given: given.value,
      },
    ];
  }
  return [
    {
      path: ["webservers"],
      message: `${arithmetic}: allowed is at least ${parsed.webservers * least}, or ${raised}`,
      given: String(parsed.webservers),
    },
  ];
}
