import { serverSettings, servers } from "../../model/servers.ts";
import type { Lines } from "../../schema/services.ts";
import { type Fault, faultAt } from "../fault.ts";
import { hint, nearest } from "../nearest.ts";
import { rule } from "../rule.ts";
import { redisValueFault } from "./redisValues.ts";

const users = "the stack writes its users: expected secrets.brokerPassword";
const place = "the stack decides where it listens, and which ports are published";
const data = "the stack decides where its data is, and keeps that over an upgrade";
const supervisor = "it reports to the supervisor that the stack starts it with";
const copies = "the stack runs one Redis, with data of its own: expected redis.url, for a cluster of yours";

/** Settings of redis.conf that the stack decides, and why. */
const own: Readonly<Record<string, string>> = {
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
  include: "one file has all settings: expected these keys, one by one",
  logfile: "its log is the container's, which people and the engine read",
  "syslog-enabled": "its log is the container's, which people and the engine read",
  "min-replicas-to-write": copies,
  "min-slaves-to-write": copies,
  loadmodule: "the broker needs no module, and a module may do anything",
  "enable-module-command": "the broker needs no module, and a module may do anything",
};

/** Settings that must have one value, and why. */
const fixed: Readonly<Record<string, readonly [value: string, why: string]>> = {
  "maxmemory-policy": [
    "noeviction",
    "a broker that is full would drop queued tasks: expected noeviction, with which it refuses new ones",
  ],
  appendonly: ["yes", "a restart would lose queued tasks: expected yes"],
  save: [
    '""',
    `the log has everything, and a snapshot that fails keeps Redis from stopping in good order: expected '""', for none`,
  ],
};

/** Says why a setting is the stack's own; undefined if it is not. */
function reserved(name: string): string | undefined {
  return own[name] ?? (/^(tls|cluster)-/.test(name) ? copies : undefined);
}

/** Spells a value as a line of redis.conf has it. */
function redisText(value: Lines[string]): string {
  return value === true ? "yes" : value === false ? "no" : String(value);
}

/** Rejects settings of the stack's own Redis that would make it lose tasks, or open it. */
const harmful = rule(["redis.settings.*"], ({ redis }) =>
  Object.entries(redis.settings).flatMap(([key, value]): Fault[] => {
    const path = ["redis", "settings", key];
    const name = key.toLowerCase();
    const [only, why] = fixed[name] ?? [];
    const given = redisText(value).toLowerCase();
    if (why !== undefined && given !== only) return [{ path, message: why, given }];
    const reason = reserved(name);
    return faultAt(path, reason && `it is the stack's own: ${reason}`);
  }),
);

/** Says why Redis would not start with a setting; undefined if it would. */
function startFault(name: string, text: string): string | undefined {
  const { accepted } = serverSettings("redis");
  const known = accepted.get(name);
  if (known) return redisValueFault(name, known, text);
  const meant = hint(nearest(name, [...accepted.keys()]));
  return `Redis ${servers.redis} does not know it, and would not start: ${meant}expected a setting of redis.conf`;
}

/** Rejects settings with which the stack's own Redis does not start. */
const startable = rule(["redis.settings.*"], ({ redis }, isGiven) =>
  isGiven("redis.url")
    ? []
    : Object.entries(redis.settings).flatMap(([key, value]): Fault[] => {
        const [name, given] = [key.toLowerCase(), redisText(value)];
        const message = (reserved(name) ?? fixed[name]) ? undefined : startFault(name, given);
        // The value may be a password.
        return faultAt(["redis", "settings", key], message, /auth|pass/.test(name) ? undefined : given);
      }),
);

export const redisRules = [harmful, startable];
