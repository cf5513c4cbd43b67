import { serverSettings, servers } from "../../model/servers.ts";
import { spellLine } from "../../schema/services.ts";
import { type Fault, faultAt } from "../fault.ts";
import { hint, nearest } from "../nearest.ts";
import { rule } from "../rule.ts";
import { redisValueProblem } from "./redisValues.ts";

const users = "the stack writes the users of Redis: expected secrets.brokerPassword";
const place =
  "the stack decides where Redis listens, and which ports are published: expected no value; remove it";
const data =
  "the stack decides where Redis keeps its data, also across upgrades: expected no value; remove it";
const supervisor = "Redis reports to the supervisor that the stack starts: expected no value; remove it";
const log = "the log of Redis is its container's, for people and the engine: expected no value; remove it";
const modules = "the broker needs no module, and a module may do anything: expected no value; remove it";
const copies = "the stack runs one Redis, with data of its own: expected redis.url, for a cluster of yours";

/** Settings of redis.conf that the stack decides, each with the reason. */
const reasons: Readonly<Record<string, string>> = {
  aclfile: users,
  user: users,
  requirepass: users,
  "rename-command": users,
  port: place,
  bind: place,
  "tls-port": place,
  unixsocket: place,
  "protected-mode": place,
  dir: data,
  dbfilename: data,
  appenddirname: data,
  appendfilename: data,
  supervised: supervisor,
  daemonize: supervisor,
  pidfile: supervisor,
  replicaof: copies,
  slaveof: copies,
  "cluster-enabled": copies,
  include: "Redis reads only the file that the stack writes: expected its settings here, one by one",
  logfile: log,
  "syslog-enabled": log,
  "min-replicas-to-write": copies,
  "min-slaves-to-write": copies,
  loadmodule: modules,
  "enable-module-command": modules,
};

/** Settings that may have only one value, each with the reason. */
const fixed: Readonly<Record<string, readonly [value: string, why: string]>> = {
  "maxmemory-policy": [
    "noeviction",
    "a full broker would drop queued tasks: expected noeviction, with which it refuses new ones",
  ],
  appendonly: ["yes", "a restart would lose queued tasks: expected yes"],
  save: [
    '""',
    `the log has everything, and a failing snapshot would keep Redis from shutting down cleanly: expected '""', for no snapshots`,
  ],
};

/** Explains why the stack decides a setting; undefined if it does not. */
function reserved(name: string): string | undefined {
  return reasons[name] ?? (/^(tls|cluster)-/.test(name) ? copies : undefined);
}

/** Rejects settings of the stack's own Redis that would make it lose tasks, or open it. */
const harmful = rule(["redis.settings.*"], ({ redis }) =>
  Object.entries(redis.settings).flatMap(([key, value]): Fault[] => {
    const path = ["redis", "settings", key];
    const name = key.toLowerCase();
    const [only, why] = fixed[name] ?? [];
    const given = spellLine("redis", value).toLowerCase();
    if (why !== undefined && given !== only) return [{ path, message: why, given }];
    return faultAt(path, reserved(name));
  }),
);

/** Explains why Redis would not start with a setting; undefined if it would. */
function startProblem(name: string, text: string): string | undefined {
  const { accepted } = serverSettings("redis");
  const known = accepted.get(name);
  if (known) return redisValueProblem(name, known, text);
  const meant = hint(nearest(name, [...accepted.keys()]));
  return `Redis ${servers.redis} does not know it, and would not start: ${meant}expected a setting of redis.conf`;
}

/** Rejects settings with which the stack's own Redis does not start. */
const startable = rule(["redis.settings.*"], ({ redis }, isGiven) =>
  isGiven("redis.url")
    ? []
    : Object.entries(redis.settings).flatMap(([key, value]): Fault[] => {
        const [name, given] = [key.toLowerCase(), spellLine("redis", value)];
        const message = (reserved(name) ?? fixed[name]) ? undefined : startProblem(name, given);
        // The value may be a password.
        return faultAt(["redis", "settings", key], message, /auth|pass/.test(name) ? undefined : given);
      }),
);

export const redisRules = [harmful, startable];
