import { airflowOption } from "../../model/airflowOptions.ts";
import { timings } from "../../model/timings.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

const idle = "scheduler.scheduler_idle_sleep_time";

/** Intervals, in seconds, at which roles show that they live, and the age at which others take them for dead. */
const intervals = [
  {
    name: "scheduler.scheduler_heartbeat_sec",
    byDefault: 5,
    threshold: "scheduler.scheduler_health_check_threshold",
  },
  { name: idle, byDefault: 1, threshold: "scheduler.scheduler_health_check_threshold" },
  { name: "scheduler.job_heartbeat_sec", byDefault: 5, threshold: "dag_processor.health_check_threshold" },
  {
    name: "triggerer.job_heartbeat_sec",
    byDefault: 5,
    threshold: "triggerer.triggerer_health_check_threshold",
  },
] as const;

const fraction = /^\d+(\.\d+)?$/;

const numbers = intervals.map(({ name }) =>
  rule([`settings.${name}`], (parsed): Fault[] => {
    const given = airflowOption(parsed, name);
    if (!given || (name === idle ? fraction : /^[1-9]\d*$/).test(given.value)) return [];
    const kind = name === idle ? "a number" : "a whole number, 1 or more,";
    return [{ path: given.path, message: `expected ${kind} of seconds`, given: given.value }];
  }),
);

/** Requires two heartbeats before the health check of the stack, or Airflow's own, takes a role for dead. */
const slow = intervals.map(({ name, byDefault, threshold }) =>
  rule([`settings.${name}`, `settings.${threshold}`], (parsed): Fault[] => {
    const interval = airflowOption(parsed, name);
    const own = airflowOption(parsed, threshold);
    const age = Math.min(timings.jobMissed, Number(own?.value ?? timings.jobMissed));
    const seconds = Number(interval?.value ?? byDefault);
    const at = interval ?? own;
    if (!at || !(2 * seconds >= age)) return [];
    const message = interval
      ? `a role that is silent for ${age} s counts as dead: expected less than ${age / 2}`
      : `one late heartbeat would make a role count as dead: expected more than twice settings.${name}, ${seconds} s`;
    return [{ path: at.path, message, given: at.value }];
  }),
);

/** Requires a worker that waits for the broker's answer to show in time that it lives. */
const answer = rule(["settings.celery_broker_transport_options.socket_timeout"], (parsed) => {
  const given = airflowOption(parsed, "celery_broker_transport_options.socket_timeout");
  if (!given || (fraction.test(given.value) && Number(given.value) < timings.workerMissed)) return [];
  const message = `a worker that is silent for ${timings.workerMissed} s counts as dead: expected a number of seconds less than ${timings.workerMissed}`;
  return [{ path: given.path, message, given: given.value }];
});

export const heartbeatRules = [...numbers, ...slow, answer];
