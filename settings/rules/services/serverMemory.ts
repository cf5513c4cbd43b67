import { givenSetting, serverSettings } from "../../model/servers.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Lines } from "../../schema/services.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";
import { mebibytes } from "./postgresValues.ts";
import { redisBytes } from "./redisValues.ts";

/** Share of Postgres' memory that one setting may take, by name. */
const shares: Readonly<Record<string, number>> = {
  shared_buffers: 0.5,
  min_dynamic_shared_memory: 0.25,
  wal_buffers: 0.25,
  temp_buffers: 0.25,
  work_mem: 0.25,
  maintenance_work_mem: 0.25,
  autovacuum_work_mem: 0.25,
  logical_decoding_work_mem: 0.25,
};

/** Minimum memory of a connection to Postgres, in MiB. */
const connection = 1;

/** Share of Redis' memory that data may take; the rewrite of its log needs the rest. */
const dataShare = 0.8;

/** Lists settings with their names in lower case and their values as texts. */
function spelledLines(settings: Lines): (readonly [key: string, name: string, text: string])[] {
  return Object.entries(settings).map(([key, value]) => [key, key.toLowerCase(), String(value)]);
}

function sizeOf(name: string, text: string): number | undefined {
  const known = serverSettings("postgres").accepted.get(name);
  return known && mebibytes(known, text);
}

const postgresSizes = rule(["postgres.settings.*", "postgres.memory"], ({ postgres }) =>
  spelledLines(postgres.settings).flatMap(([key, name, text]): Fault[] => {
    const { memory } = postgres;
    const [share, size] = [shares[name], sizeOf(name, text)];
    if (share === undefined || size === undefined || size <= memory * share) return [];
    const message = `expected at most ${Math.floor(memory * share)} MiB of the ${memory} MiB in postgres.memory, or more postgres.memory`;
    return [{ path: ["postgres", "settings", key], message, given: text }];
  }),
);

type Server = ParsedConfig["postgres"];

function buffersOf({ settings }: Pick<Server, "settings">): number {
  const [, buffers = "128MB"] = givenSetting(settings, "shared_buffers") ?? [];
  return sizeOf("shared_buffers", String(buffers)) ?? 0;
}

/** Returns the MiB that Postgres needs for a number of connections; its buffers take half of the memory at most. */
export function memoryFor(connections: number, server: Pick<Server, "settings">): number {
  const least = connections * connection;
  return Math.ceil(least + Math.min(buffersOf(server), least));
}

const connections = rule(["postgres.settings.*", "postgres.memory"], ({ postgres }) => {
  const { settings, memory } = postgres;
  const [key, most] = givenSetting(settings, "max_connections") ?? [];
  const room = Math.floor((memory - Math.min(buffersOf(postgres), memory / 2)) / connection);
  if (key === undefined || !(Number(most) > room)) return [];
  const message = `each connection takes at least ${connection} MiB, beside shared_buffers: expected at most ${room} with ${memory} MiB, or more postgres.memory`;
  return [{ path: ["postgres", "settings", key], message, given: String(most) }];
});

const redisSizes = rule(["redis.settings.*", "redis.memory"], ({ redis: { settings, memory } }) =>
  spelledLines(settings).flatMap(([key, name, text]): Fault[] => {
    const size = redisBytes(text) / 1024 ** 2;
    const most = Math.floor(memory * dataShare);
    if (name !== "maxmemory" || Number.isNaN(size) || (size > 0 && size <= most)) return [];
    const message = `Redis may use ${memory} MiB, redis.memory, and rewrites its log beside the data: expected 1mb to ${most}mb, or more redis.memory`;
    return [{ path: ["redis", "settings", key], message, given: text }];
  }),
);

/** Rules that compare sizes in the settings of the stack's own servers with the servers' memory. */
export const serverMemoryRules = [postgresSizes, connections, redisSizes];
