import { airflowOption } from "../../model/airflowOptions.ts";
import { timings } from "../../model/timings.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import { majorOf } from "../../schema/versions.ts";
import type { Fault } from "../fault.ts";
import { type IsGiven, type Rule, rule } from "../rule.ts";

/** A number of seconds, given or default. */
interface Seconds {
  readonly name: string;
  readonly path: readonly PropertyKey[];
  readonly value: number;
  readonly isGiven: boolean;
}

interface Setting {
  /** `section.key` in Airflow 3. */
  readonly name: string;
  /** Name in Airflow 2, if different. */
  readonly before?: string;
  readonly byDefault?: number;
  /** Default in Airflow 2, if different. */
  readonly byDefaultBefore?: number;
}

const settings = {
  longestTask: { name: "core.default_task_execution_timeout" },
  visibility: {
    name: "celery_broker_transport_options.visibility_timeout",
    byDefault: timings.visibilityTimeout,
  },
  heartbeatTimeout: {
    name: "scheduler.task_instance_heartbeat_timeout",
    before: "scheduler.scheduler_zombie_task_threshold",
    byDefault: timings.heartbeatTimeout,
    byDefaultBefore: timings.heartbeatTimeoutOf2,
  },
  detection: {
    name: "scheduler.task_instance_heartbeat_timeout_detection_interval",
    before: "scheduler.zombie_detection_interval",
    byDefault: timings.detectionInterval,
  },
  heartbeat: {
    name: "scheduler.task_instance_heartbeat_sec",
    before: "scheduler.local_task_job_heartbeat_sec",
  },
  fastestHeartbeat: { name: "workers.min_heartbeat_interval", byDefault: timings.heartbeatInterval },
  queued: { name: "scheduler.task_queued_timeout", byDefault: timings.queuedTimeout },
  queuedCheck: { name: "scheduler.task_queued_timeout_check_interval", byDefault: 120 },
  token: { name: "execution_api.jwt_expiration_time", byDefault: timings.taskToken },
} as const satisfies Readonly<Record<string, Setting>>;

type Stack = Pick<ParsedConfig, "version" | "settings">;

/** Lists the parts that a rule about some settings needs, under the names of all versions. */
function partsOf(...names: readonly (keyof typeof settings)[]) {
  const options = names.flatMap((key) => {
    const { name, before = name }: Setting = settings[key];
    return [`settings.${name}`, `settings.${before}`] as const;
  });
  return ["version", ...options] as const;
}

function isOld({ version }: Stack): boolean {
  return majorOf(version) === "2";
}

/** Reads a setting in seconds; undefined without a value, and for 0 or an empty one, with which Airflow decides. */
function readSeconds(parsed: Stack, key: keyof typeof settings): Seconds | undefined {
  const setting: Setting = settings[key];
  const { before, byDefaultBefore } = setting;
  const byDefault = (isOld(parsed) && byDefaultBefore) || setting.byDefault;
  const name = (isOld(parsed) && before) || setting.name;
  const given = airflowOption(parsed, name);
  const value = Number(given?.value ?? byDefault ?? 0);
  const path = given?.path ?? ["settings", ...name.split(".")];
  return value === 0 ? undefined : { name: `settings.${name}`, path, value, isGiven: given !== undefined };
}

/** Requires one number to be less than another, and reports the given one of both; if both are given, the larger. */
function less(
  one: Seconds | undefined,
  than: Seconds | undefined,
  reason: string,
  orAsMuch = false,
): Fault[] {
  if (!one || !than || !(orAsMuch ? one.value > than.value : one.value >= than.value)) return [];
  const atMore = than.isGiven || !one.isGiven;
  const [at, other] = atMore ? [than, one] : [one, than];
  const bound = orAsMuch ? (atMore ? "at least" : "at most") : atMore ? "more than" : "less than";
  const message = `expected ${bound} ${other.name}, ${other.value} s: ${reason}`;
  return [{ path: at.path, message, given: `${at.value}` }];
}

function grace(value: number, isGiven: IsGiven): Seconds {
  const name = "workerGraceSeconds";
  return { name, path: [name], value, isGiven: isGiven(name) };
}

const numbers = (Object.keys(settings) as (keyof typeof settings)[]).map((key) =>
  rule(partsOf(key), (parsed) => {
    const { name, before = name }: Setting = settings[key];
    const { path, value = "" } = airflowOption(parsed, isOld(parsed) ? before : name) ?? {};
    if (!path || /^(\d+(\.\d+)?)?$/.test(value)) return [];
    return [{ path, message: "expected a number of seconds", given: value }];
  }),
);

/** Makes a rule that one setting is less than another. */
function lessRule(
  one: keyof typeof settings,
  than: keyof typeof settings,
  reason: string,
  orAsMuch = false,
): Rule {
  return rule(partsOf(one, than), (parsed) =>
    less(readSeconds(parsed, one), readSeconds(parsed, than), reason, orAsMuch),
  );
}

const longestTask = rule(
  ["workerGraceSeconds", ...partsOf("longestTask")],
  ({ workerGraceSeconds, ...parsed }, isGiven) =>
    less(
      readSeconds(parsed, "longestTask"),
      grace(workerGraceSeconds, isGiven),
      "a stopping worker would end tasks that may take longer",
      true,
    ),
);

const gracePeriod = rule(
  ["workerGraceSeconds", ...partsOf("visibility")],
  ({ workerGraceSeconds, ...parsed }, isGiven) =>
    less(
      grace(workerGraceSeconds, isGiven),
      readSeconds(parsed, "visibility"),
      "Redis would hand a task that a stopping worker still runs to a second worker",
    ),
);

const heartbeat = rule(partsOf("heartbeat", "fastestHeartbeat", "heartbeatTimeout"), (parsed) => {
  const interval = readSeconds(parsed, "heartbeat") ?? readSeconds(parsed, "fastestHeartbeat");
  const twice = interval && { ...interval, name: `twice ${interval.name}`, value: 2 * interval.value };
  const timeout = readSeconds(parsed, "heartbeatTimeout");
  const reason = "one late heartbeat would end a healthy task";
  if (twice?.isGiven && timeout && !timeout.isGiven && twice.value >= timeout.value) {
    const message = `expected less than half of ${timeout.name}, ${timeout.value} s: ${reason}`;
    return [{ path: twice.path, message, given: `${twice.value / 2}` }];
  }
  return less(twice, timeout, reason);
});

const token = rule(partsOf("heartbeatTimeout", "token"), (parsed) =>
  isOld(parsed)
    ? []
    : less(
        readSeconds(parsed, "heartbeatTimeout"),
        readSeconds(parsed, "token"),
        "a running task's token, which its heartbeats renew, would expire before the task counts as dead",
      ),
);

/** Share of a token's life, its last part, in which the webserver renews it. */
const renewal = 0.2;

/** Rejects tokens that expire in a silence which their tasks outlive; nothing can renew them then. */
export const tokenReserve = rule(partsOf("heartbeatTimeout", "token"), (parsed): Fault[] => {
  const [timeout, life] = [readSeconds(parsed, "heartbeatTimeout"), readSeconds(parsed, "token")];
  if (isOld(parsed) || !timeout || !life || timeout.value >= life.value) return [];
  if (timeout.value < renewal * life.value) return [];
  const reason =
    "a token is renewed in the last fifth of its life, so it would expire in a silence that its task outlives";
  const [at, bound] = life.isGiven
    ? [life, `more than ${timeout.value / renewal}, five times ${timeout.name}`]
    : [timeout, `less than ${renewal * life.value}, a fifth of ${life.name}`];
  return [{ path: at.path, message: `expected ${bound}: ${reason}`, given: `${at.value}` }];
});

/**
 * Longest task <= grace < visibility timeout; two heartbeats < heartbeat timeout < visibility timeout and
 * token; detection <= heartbeat timeout; check of the queue < queue timeout.
 */
export const timeoutRules = [
  ...numbers,
  longestTask,
  gracePeriod,
  lessRule("longestTask", "visibility", "Redis would hand a task that still runs to a second worker"),
  lessRule(
    "heartbeatTimeout",
    "visibility",
    "Redis would hand a task to a second worker before the first one counts as dead",
  ),
  heartbeat,
  lessRule("detection", "heartbeatTimeout", "a dead task would be noticed too late", true),
  token,
  lessRule("queuedCheck", "queued", "tokens of queued tasks would expire before the check looks at them"),
];
