import { countsOf, groupParts } from "../../model/groups.ts";
import { givenSetting, serverSettings } from "../../model/servers.ts";
import { spellLine } from "../../schema/services.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { words } from "./postgresTexts.ts";
import { postgresNumber } from "./postgresValues.ts";

/** Least limit of time in Postgres, in ms; a number without a unit, meant as seconds, is less. */
const leastTime = 1000;

/** Explains why Airflow's roles fail with a limit of time; undefined if they do not, or without a limit. */
function timeProblem(name: string, text: string): string | undefined {
  const accepted = serverSettings("postgres").accepted.get(name);
  const time = accepted ? postgresNumber(accepted, text) : 0;
  return time > 0 && time < leastTime
    ? "it counts milliseconds, and Airflow would lose its connections or its work: expected at least 1s, or 0 for no limit"
    : undefined;
}

/** Checks of settings with which Postgres starts, and no role of Airflow works. */
const checks: Readonly<Record<string, (text: string, name: string) => string | undefined>> = {
  default_transaction_read_only: (text) =>
    /^(on|t|y|1)/i.test(text) ? "no role could write: expected off" : undefined,
  search_path: (text) =>
    words(text.toLowerCase()).includes("public")
      ? undefined
      : "Airflow's tables are in public: expected public among the schemas",
  statement_timeout: (text, name) => timeProblem(name, text),
  lock_timeout: (text, name) => timeProblem(name, text),
  idle_in_transaction_session_timeout: (text, name) => timeProblem(name, text),
  idle_session_timeout: (text, name) => timeProblem(name, text),
};

const ofPostgres = rule(["postgres.settings.*"], ({ postgres: { settings } }) =>
  Object.entries(settings).flatMap(([key, value]) => {
    const [name, text] = [key.toLowerCase(), spellLine("postgres", value)];
    return faultAt(["postgres", "settings", key], checks[name]?.(text, name), text);
  }),
);

/** Connections to Redis: of an idle worker, counted on Celery 5.5 without mingle and gossip; of a scheduler that sends; of Flower. */
const connections = { worker: 6, scheduler: 2, flower: 6 };

/** Rejects fewer connections to Redis than the stack's instances open. */
const clients = rule(
  ["redis.settings.maxclients", "schedulers", ...groupParts],
  ({ redis: { settings }, schedulers, ...parsed }): Fault[] => {
    const [key = "", given] = givenSetting(settings, "maxclients") ?? [];
    const workers = countsOf(parsed).reduce((sum, group) => sum + (group.autoscale?.max ?? group.workers), 0);
    const { worker, scheduler, flower } = connections;
    const least = workers * worker + schedulers * scheduler + flower;
    if (!(Number(given) < least)) return [];
    const message = `${workers} worker(s) x ${worker}, ${schedulers} scheduler(s) x ${scheduler} and ${flower} of Flower open ${least} connections: expected at least ${least}, or no value`;
    return [{ path: ["redis", "settings", key], message, given: String(given) }];
  },
);

/** Rules about settings of the stack's own servers with which these start, and nothing works. */
export const unusableRules = [ofPostgres, clients];
