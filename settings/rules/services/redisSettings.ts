import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

const users = "the stack writes its users: expected secrets.brokerPassword";
const place = "the stack decides where it listens and what is published";
const data = "the stack decides where its data is, and keeps that over an upgrade";
const supervisor = "it reports to the supervisor that the stack starts it with";
const copies =
  "the stack runs one Redis, and its data is nobody else's: expected redis.url, for a cluster of yours";

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

/** Rejects settings of the stack's own Redis that would make it lose tasks, or open it. */
const settings = rule(["redis.settings.*"], ({ redis }) =>
  Object.entries(redis.settings).flatMap(([key, value]): Fault[] => {
    const path = ["redis", "settings", key];
    const name = key.toLowerCase();
    const [only, why] = fixed[name] ?? [];
    const spelt = value === true ? "yes" : value === false ? "no" : String(value).toLowerCase();
    if (why !== undefined && spelt !== only) return [{ path, message: why, given: spelt }];
    const reason = own[name];
    return reason === undefined ? [] : [{ path, message: `it is the stack's own: ${reason}` }];
  }),
);

export const redisRules = [settings];
