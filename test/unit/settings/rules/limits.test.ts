import assert from "node:assert/strict";
import { test } from "node:test";
import { cluster } from "../../cluster.ts";
import type { Config } from "../../settingsFrom.ts";
import { faults } from "./refusals.ts";

/** Lists the keys that are refused. */
function refused(config: Config): string[] {
  return faults(config).flatMap((line) => /^(\S+) is /.exec(line)?.[1] ?? []);
}

const longGroup = "g".repeat(32);

/** Returns two machines; the second has a name with this many letters, and a worker of the long group. */
const machines = (letters: number) => ({
  machines: [
    { name: "a", address: "10.0.0.1", docker: "ssh://a" },
    { name: "m".repeat(letters), address: "10.0.0.2", docker: "ssh://b", workers: { [longGroup]: 1 } },
  ],
});

/** Returns a node under a name with this many letters, with a worker of the long group. */
const nodes = (letters: number) => ({
  machines: [{ name: "m".repeat(letters), node: "n1", workers: { [longGroup]: 1 } }],
});

/** Limit of a rule: its key, values at the limit, and values one step beyond. */
const limits: readonly (readonly [key: string, at: Config, beyond: Config])[] = [
  ["workerMemory", { workerMemory: 510, workerConcurrency: 4 }, { workerMemory: 509, workerConcurrency: 4 }],
  [
    "workerGroups[0].memory",
    { workerGroups: [{ name: "g", queues: ["q"], concurrency: 2, memory: 370 }] },
    { workerGroups: [{ name: "g", queues: ["q"], concurrency: 2, memory: 369 }] },
  ],
  ...(
    [
      ["scheduler", 128],
      ["triggerer", 128],
      ["dag-processor", 128],
      ["webserver", 128],
    ] as const
  ).map(
    ([role, memory]) =>
      [
        `roles.${role}.memory`,
        { roles: { [role]: { memory } } },
        { roles: { [role]: { memory: memory - 1 } } },
      ] as const,
  ),
  ...(
    [
      ["postgres", 160],
      ["redis", 64],
      ["logs", 64],
      ["data", 64],
      ["volumes", 64],
    ] as const
  ).map(([volume, size]): (typeof limits)[number] => [
    `kubernetes.storage.${volume}`,
    { ...cluster, kubernetes: { storage: { [volume]: `${size}Mi` } } },
    { ...cluster, kubernetes: { storage: { [volume]: `${size - 1}Mi` } } },
  ]),
  [
    "settings.api.workers",
    { settings: { api: { workers: 31 } }, postgres: { settings: { max_connections: 600 } } },
    { settings: { api: { workers: 32 } }, postgres: { settings: { max_connections: 600 } } },
  ],
  [
    "settings.Dag_Processor.parsing_processes",
    { settings: { Dag_Processor: { parsing_processes: 58 } } },
    { settings: { Dag_Processor: { parsing_processes: 59 } } },
  ],
  [
    "roles.dag-processor.memory",
    {
      settings: { dag_processor: { parsing_processes: 59 } },
      roles: { "dag-processor": { memory: 96 + 59 * 16 } },
    },
    {
      settings: { dag_processor: { parsing_processes: 59 } },
      roles: { "dag-processor": { memory: 95 + 59 * 16 } },
    },
  ],
  ...[
    { images: { airflow: "r.test/a:3.3.2" } },
    { settings: { core: { plugins_folder: "/opt/airflow/plugins/" } } },
  ].map(
    (allowed) =>
      [
        "settings.core.plugins_folder",
        { settings: { core: { plugins_folder: "/opt/plugins" } }, ...allowed },
        {
          ...allowed,
          plugins: "dags",
          settings: { core: { plugins_folder: "/opt/plugins" } },
        },
      ] as const,
  ),
  [
    "pools.default_pool.slots",
    { pools: { default_pool: { slots: 128 }, closed: { slots: 0 } } },
    { pools: { default_pool: { slots: 0 } } },
  ],
  [
    "workerMinConcurrency",
    { workerConcurrency: 4, workerMinConcurrency: 4 },
    { workerConcurrency: 4, workerMinConcurrency: 5 },
  ],
  [
    "settings.core.parallelism",
    { workers: 2, workerConcurrency: 4, settings: { core: { parallelism: 8 } } },
    { workers: 2, workerConcurrency: 4, settings: { core: { parallelism: 7 } } },
  ],
  [
    "settings.core.parallelism",
    { workers: 2, workerConcurrency: 4, schedulers: 2, settings: { core: { parallelism: 4 } } },
    { workers: 2, workerConcurrency: 4, schedulers: 2, settings: { core: { parallelism: 3 } } },
  ],
  // A heartbeat takes 0.009 s, and 0.25 s of heartbeats fit into a second.
  [
    "webservers",
    { workers: 5, workerConcurrency: 11, settings: { workers: { min_heartbeat_interval: 2 } } },
    { workers: 4, workerConcurrency: 14, settings: { workers: { min_heartbeat_interval: 2 } } },
  ],
  ["flowerPort", { webserverPort: 8080, flowerPort: 8079 }, { webserverPort: 8080, flowerPort: 8080 }],
  [
    "flowerPort",
    { webserverPort: 8080, webservers: 2, flowerPort: 8082 },
    { webserverPort: 8080, webservers: 2, flowerPort: 8081 },
  ],
  ["webserverPort", { webserverPort: 65_534, webservers: 2 }, { webserverPort: 65_535, webservers: 2 }],
  [
    "postgres.settings.max_wal_size",
    { postgres: { settings: { max_wal_size: "32MB" } } },
    { postgres: { settings: { max_wal_size: "31MB" } } },
  ],
  [
    "postgres.settings.wal_level",
    { postgres: { settings: { wal_level: "minimal", max_wal_senders: 0 } } },
    { postgres: { settings: { wal_level: "minimal", max_wal_senders: 1 } } },
  ],
  [
    "postgres.settings.wal_level",
    { postgres: { settings: { wal_level: "minimal", MAX_WAL_SENDERS: 0 } } },
    { postgres: { settings: { wal_level: "minimal", MAX_WAL_SENDERS: 1 } } },
  ],
  // The stack opens 45 connections.
  ...["max_connections", "MAX_CONNECTIONS"].map(
    (key) =>
      [
        `postgres.settings.${key}`,
        { postgres: { settings: { [key]: 48 } } },
        { postgres: { settings: { [key]: 47 } } },
      ] as const,
  ),
  [
    "postgres.settings.max_connections",
    { postgres: { settings: { max_connections: 100, SUPERUSER_RESERVED_CONNECTIONS: 55 } } },
    { postgres: { settings: { max_connections: 100, SUPERUSER_RESERVED_CONNECTIONS: 56 } } },
  ],
  [
    "postgres.settings.wal_level",
    { postgres: { settings: { wal_level: "logical" } } },
    { postgres: { settings: { wal_level: "minimal" } } },
  ],
  [
    "postgres.settings.shared_buffers",
    { postgres: { memory: 1024, settings: { shared_buffers: "512MB" } } },
    { postgres: { memory: 1024, settings: { shared_buffers: "513MB" } } },
  ],
  [
    "postgres.settings.checkpoint_timeout",
    { postgres: { settings: { checkpoint_timeout: "30s" } } },
    { postgres: { settings: { checkpoint_timeout: "29s" } } },
  ],
  [
    "redis.settings.maxmemory",
    { redis: { memory: 500, settings: { maxmemory: "400mb" } } },
    { redis: { memory: 500, settings: { maxmemory: "401mb" } } },
  ],
  ...[
    "statement_timeout",
    "Lock_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
  ].flatMap((key) =>
    ["1s", 0].map(
      (time) =>
        [
          `postgres.settings.${key}`,
          { postgres: { settings: { [key]: time } } },
          { postgres: { settings: { [key]: 999 } } },
        ] as const,
    ),
  ),
  [
    "postgres.settings.default_transaction_read_only",
    { postgres: { settings: { default_transaction_read_only: "off" } } },
    { postgres: { settings: { default_transaction_read_only: true } } },
  ],
  [
    "postgres.settings.search_path",
    { postgres: { settings: { search_path: '"$user", Public' } } },
    { postgres: { settings: { search_path: "airflow" } } },
  ],
  // Two workers, a scheduler and Flower: 12 + 2 + 6.
  [
    "redis.settings.MaxClients",
    { redis: { settings: { MaxClients: 20 } } },
    { redis: { settings: { MaxClients: 19 } } },
  ],
  [
    "redis.settings.active-defrag-cycle-max",
    { redis: { settings: { "active-defrag-cycle-max": 99 } } },
    { redis: { settings: { "active-defrag-cycle-max": 100 } } },
  ],
  ...["elasticsearch", "opensearch"].map(
    (section) =>
      [
        "settings.logging.remote_logging",
        { settings: { logging: { remote_logging: true }, [section]: { host: "logs.test" } } },
        { settings: { logging: { remote_logging: true } } },
      ] as const,
  ),
  [
    "secrets.apiSecretKey",
    { secrets: { apiSecretKey: signing(32) } },
    { secrets: { apiSecretKey: signing(31) } },
  ],
  [
    "secrets.adminPassword",
    { secrets: { adminPassword: signing(8) } },
    { secrets: { adminPassword: signing(7) } },
  ],
  [
    "settings.core.default_task_execution_timeout",
    { settings: { core: { default_task_execution_timeout: 300 } } },
    { settings: { core: { default_task_execution_timeout: 301 } } },
  ],
  [
    "machines[0].address",
    { machines: [{ name: "a", address: "127.0.0.1", docker: "ssh://a", workers: 1 }] },
    {
      machines: [
        { name: "a", address: "127.0.0.1", docker: "ssh://a", workers: 1 },
        { name: "b", address: "10.0.0.2", docker: "ssh://b", workers: 1 },
      ],
    },
  ],
  // worker-GROUP-MACHINE-1 has 63 letters.
  [
    "workerGroups[0].name",
    { ...machines(21), workerGroups: [{ name: longGroup, queues: ["q"] }] },
    { ...machines(22), workerGroups: [{ name: longGroup, queues: ["q"] }] },
  ],
  // worker-GROUP-MACHINE has 52 letters.
  [
    "workerGroups[0].name",
    { ...cluster, ...nodes(12), workerGroups: [{ name: longGroup, queues: ["q"] }] },
    { ...cluster, ...nodes(13), workerGroups: [{ name: longGroup, queues: ["q"] }] },
  ],
  [
    "workerGroups[0].name",
    { ...cluster, workerGroups: [{ name: longGroup, queues: ["q"] }] },
    { ...cluster, workerGroups: [{ name: `${longGroup}g`, queues: ["q"] }] },
  ],
];

/** Returns a key with this many characters. */
function signing(length: number): string {
  return "0a9b8c7d".repeat(4).slice(0, length);
}

for (const [at, [key, allowed, beyond]] of limits.entries())
  test(`limit ${at + 1}, of ${key}: the last value is accepted, and the next is refused`, () => {
    assert.deepEqual(refused(allowed), []);
    assert.deepEqual(refused(beyond), [key]);
  });
