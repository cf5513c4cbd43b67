import { airflowOption, isTrue } from "../../model/airflowOptions.ts";
import {
  budgetTable,
  type ConnectionInputs,
  clientShares,
  connectionParts,
  serverLimits,
  serverShares,
  sum,
} from "../../model/connections.ts";
import { countsOf, groupParts } from "../../model/groups.ts";
import { givenSetting } from "../../model/servers.ts";
import { optionRule } from "../airflow/option.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { memoryFor } from "./serverMemory.ts";

/** Indents text, to stand below the line of its fault. */
function indented(text: string): string {
  return text.replaceAll(/^/gm, "      ");
}

const pool = { "database.sql_alchemy_pool_size": 1, "database.sql_alchemy_max_overflow": 0 } as const;

/** True if a pool's size is absent, or a number that bounds the pool. */
function isBounded(value = "1", name: keyof typeof pool): boolean {
  return /^\d{1,6}$/.test(value) && Number(value) >= pool[name];
}

const poolSizes = Object.keys(pool) as (keyof typeof pool)[];

/** Rejects pool sizes without a bound. */
const unbounded = poolSizes.map((name) =>
  optionRule(name, (value) =>
    isBounded(value, name)
      ? undefined
      : `a process could open any number of connections: expected a whole number, ${pool[name]} or more`,
  ),
);

/** Rejects connections without a pool to the stack's own Postgres: no size bounds them, and no pooler of the user's does. */
const unpooled = rule(["settings.database.sql_alchemy_pool_enabled"], (parsed, isGiven) => {
  const given = airflowOption(parsed, "database.sql_alchemy_pool_enabled");
  if (!given || isTrue(given.value) || isGiven("postgres.url")) return [];
  const message = "a process could open any number of connections: expected True, or no value";
  return faultAt(given.path, message, given.value);
});

function serverFaults(stack: ConnectionInputs): Fault[] {
  const { postgres, pgbouncer } = stack;
  const shares = serverShares(stack);
  const { most, reserved } = serverLimits(stack);
  const [total, limit] = [sum(shares), most - reserved];
  // A limit that is not a number has a fault of its own.
  if (!(total > limit)) return [];
  const [key = "max_connections", given] = givenSetting(postgres.settings, "max_connections") ?? [];
  const limited = `max_connections ${most}, less superuser_reserved_connections ${reserved}`;
  const less = pgbouncer
    ? "a lower pgbouncer.poolSize"
    : "lower settings.database.sql_alchemy_pool_size and sql_alchemy_max_overflow, or pgbouncer: {}";
  const message = `Airflow may open ${total} connections:\n${indented(budgetTable(shares, limit, limited))}\n    expected at least ${
    Math.ceil((total + reserved) / 10) * 10
  }; or ${less}`;
  return [
    {
      path: ["postgres", "settings", key],
      message,
      given: given === undefined ? `${most}, its default` : String(given),
    },
  ];
}

function clientFaults(stack: ConnectionInputs): Fault[] {
  if (!stack.pgbouncer) return [];
  const { clients } = stack.pgbouncer;
  const shares = clientShares(stack);
  const total = sum(shares);
  if (total <= clients) return [];
  const budget = indented(budgetTable(shares, clients, "pgbouncer.clients"));
  const message = `Airflow may open ${total} connections to it:\n${budget}\n    expected at least ${total}`;
  return [{ path: ["pgbouncer", "clients"], message, given: String(clients) }];
}

/** Rejects more connections than the server accepts, which would refuse some of them, and only under load. */
const budgets = rule([...connectionParts, ...groupParts], (parsed, isGiven) => {
  if (!poolSizes.every((name) => isBounded(airflowOption(parsed, name)?.value, name))) return [];
  const stack = { ...parsed, groups: countsOf(parsed) };
  // The check job asks an external server for its limit, before anything else is deployed.
  return [...(isGiven("postgres.url") ? [] : serverFaults(stack)), ...clientFaults(stack)];
});

/** Rejects less memory than the stack's connections take, if no setting of Postgres limits these. */
const memory = rule(
  [...connectionParts, ...groupParts, "postgres.settings.*", "postgres.memory"],
  (parsed, isGiven): Fault[] => {
    const { postgres } = parsed;
    const isElsewhere = isGiven("postgres.url") || givenSetting(postgres.settings, "max_connections");
    const total = isElsewhere ? 0 : sum(serverShares({ ...parsed, groups: countsOf(parsed) }));
    const least = memoryFor(total, postgres);
    if (!(postgres.memory < least)) return [];
    const message = `Airflow may open ${total} connections, which take at least 1 MiB each, beside shared_buffers: expected ${least} or more`;
    return [{ path: ["postgres", "memory"], message, given: String(postgres.memory) }];
  },
);

export const connectionRules = [...unbounded, unpooled, budgets, memory];
