import { airflowNumber } from "../../model/airflowOptions.ts";
import { countsOf, groupParts } from "../../model/groups.ts";
import { slotsOf } from "../../model/slots.ts";
import { timings } from "../../model/timings.ts";
import { majorOf } from "../../schema/versions.ts";
import { rule } from "../rule.ts";

/** CPU seconds that the webserver spends on one heartbeat of a task; measured on Airflow 3: 5 to 9 ms. */
const heartbeatCost = 0.009;

/** Share of a webserver process that heartbeats may take. */
const heartbeatShare = 0.25;

/** Rejects more running tasks than the webserver can serve heartbeats for beside people and the scheduler. */
export const apiCapacityRule = rule(
  ["version", "webservers", "settings.workers.min_heartbeat_interval", "settings.api.workers", ...groupParts],
  (parsed) => {
    if (majorOf(parsed.version) === "2") return [];
    const interval = airflowNumber(parsed, "workers.min_heartbeat_interval", timings.heartbeatInterval);
    const processes = airflowNumber(parsed, "api.workers", 1);
    const { webservers } = parsed;
    const slots = slotsOf(countsOf(parsed));
    const [load, capacity] = [(slots * heartbeatCost) / interval, webservers * processes * heartbeatShare];
    if (!(interval > 0) || !(processes > 0) || !(load > capacity)) return [];
    const message =
      `${slots} task slots x ${heartbeatCost * 1000} ms / ${interval} s between heartbeats = ${load.toFixed(2)} of a core, ` +
      `and ${webservers} x ${processes} webserver process(es) may spend ${capacity.toFixed(2)} on them: ` +
      `expected at least ${Math.ceil(load / heartbeatShare / processes)}, ` +
      `or settings.api.workers at least ${Math.ceil(load / heartbeatShare / webservers)}, ` +
      `or settings.workers.min_heartbeat_interval at least ${Math.ceil((slots * heartbeatCost) / capacity)}`;
    return [{ path: ["webservers"], message, given: String(webservers) }];
  },
);
