import { airflowOption } from "../../model/airflowOptions.ts";
import { timings } from "../../model/timings.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";
import { optionRule } from "./option.ts";

const idle = "scheduler.scheduler_idle_sleep_time";

/** Heartbeat intervals of roles, in seconds, each with the setting for the age at which the role counts as dead. */
const intervals = [
  {
    name: "scheduler.scheduler_heartbeat_sec",
    byDefault: 5,
    threshold: "scheduler.scheduler_health_check_threshold",
  },
  // By default a sleep ends at the next heartbeat.
  { name: idle, byDefault: 1, threshold: "scheduler.scheduler_health_check_threshold" },
  { name: "scheduler.job_heartbeat_sec", byDefault: 5, threshold: "dag_processor.health_check_threshold" },
  {
    name: "triggerer.job_heartbeat_sec",
    byDefault: 5,
    threshold: "triggerer.triggerer_health_check_threshold",
  },
] as const;

const fraction = /^\d+(\.\d+)?$/;

const numbers = intervals.map(({ name }) => {
  const [form, number] =
    name === idle ? [fraction, "a number"] : [/^[1-9]\d*$/, "a whole number, 1 or more,"];
  return optionRule(name, (value) => (form.test(value) ? undefined : `expected ${number} of seconds`));
});

/** Requires time for two heartbeats before the stack's health check, or Airflow's own, counts a role as dead. */
const slow = intervals.map(({ name, byDefault, threshold }) =>
  rule([`settings.${name}`, `settings.${threshold}`], (parsed): Fault[] => {
    const interval = airflowOption(parsed, name);
    const limit = airflowOption(parsed, threshold);
    const age = Math.min(timings.jobMissed, Number(limit?.value ?? timings.jobMissed));
    const seconds = Number(interval?.value ?? byDefault);
    const at = interval ?? limit;
    if (!at || !(2 * seconds >= age)) return [];
    const message = interval
      ? `a role that is silent for ${age} s counts as dead: expected less than ${age / 2}`
      : `one late heartbeat would make a role count as dead: expected more than twice settings.${name}, ${seconds} s`;
    return [{ path: at.path, message, given: at.value }];
  }),
);

/** Requires a timeout for the broker's answer that still lets a waiting worker send its heartbeat in time. */
const answer = optionRule("celery_broker_transport_options.socket_timeout", (value) =>
  fraction.test(value) && Number(value) < timings.workerMissed
    ? undefined
    : `a worker that is silent for ${timings.workerMissed} s counts as dead: expected a number of seconds less than ${timings.workerMissed}`,
);

export const heartbeatRules = [...numbers, ...slow, answer];
