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
    const each = airflowNumber(parsed, "api.workers", 1);
    const { webservers } = parsed;
    const slots = slotsOf(countsOf(parsed));
    const [busy, most] = [(slots * heartbeatCost) / interval, webservers * each * heartbeatShare];
    if (!(interval > 0) || !(busy > most)) return [];
    const message =
      `${slots} task slots x ${heartbeatCost * 1000} ms / ${interval} s between heartbeats = ${busy.toFixed(2)} of a core, ` +
      `and ${webservers} x ${each} webserver process(es) may spend ${most.toFixed(2)} on them: ` +
      `expected at least ${Math.ceil(busy / heartbeatShare / each)}, ` +
      `or settings.api.workers at least ${Math.ceil(busy / heartbeatShare / webservers)}, ` +
      `or settings.workers.min_heartbeat_interval at least ${Math.ceil((slots * heartbeatCost) / most)}`;
    return [{ path: ["webservers"], message, given: String(webservers) }];
  },
);
