import type { BadRow } from "./rows.ts";

/** Settings that keep a server of the stack from starting, or let it outgrow its memory. */
export const servers: readonly BadRow[] = [
  {
    name: "settings that Postgres does not know",
    config: `config:
  airflow:postgres:
    settings:
      shared_bufers: 128MB
      block_size: 8192
      unheard_of: 1
`,
    says: [
      "4: postgres.settings.shared_bufers is 128MB; Postgres 15 does not know it, and would not start: did you mean shared_buffers? expected a setting of postgresql.conf",
      "5: postgres.settings.block_size is 8192; Postgres reports it, and does not let it be set: expected no value; remove it",
      "6: postgres.settings.unheard_of is 1; Postgres 15 does not know it, and would not start: expected a setting of postgresql.conf",
    ],
    expressible: false,
  },
  {
    name: "values with which Postgres does not start",
    config: `config:
  airflow:postgres:
    settings:
      work_mem: 8mb
      checkpoint_timeout: 5
      synchronous_commit: maybe
      random_page_cost: cheap
      timezone: Mars/Phobos
      datestyle: backwards
      log_destination: nowhere
      autovacuum: sometimes
      huge_pages: on
      lc_messages: de_DE.UTF-8
      min_wal_size: 16MB
      wal_level: minimal
      synchronous_standby_names: other
`,
    says: [
      "4: postgres.settings.work_mem is 8mb; expected a number from 64 to 2147483647, times kB, or with one of the units B, kB, MB, GB, TB",
      "5: postgres.settings.checkpoint_timeout is 5; expected a number from 30 to 86400, times s, or with one of the units us, ms, s, min, h, d",
      "6: postgres.settings.synchronous_commit is maybe; expected local, remote_write, remote_apply, on or off",
      "7: postgres.settings.random_page_cost is cheap; expected a number, 0 or more",
      "8: postgres.settings.timezone is Mars/Phobos; expected a time zone: Europe/Berlin, UTC",
      "9: postgres.settings.datestyle is backwards; expected an output and an order: ISO, MDY",
      "10: postgres.settings.log_destination is nowhere; expected some of stderr, csvlog, jsonlog and syslog",
      "11: postgres.settings.autovacuum is sometimes; expected on or off",
      "12: postgres.settings.huge_pages is on; expected try or off, since an engine reserves no huge pages",
      "13: postgres.settings.lc_messages is de_DE.UTF-8; expected a locale of the image: C.UTF-8",
      "14: postgres.settings.min_wal_size is 16MB; expected at least 32MB, two segments",
      "15: postgres.settings.wal_level is minimal; it needs max_wal_senders: 0 beside it: expected both, or replica",
      "16: postgres.settings.synchronous_standby_names is other; expected an empty value, since each commit would wait for a standby that the stack does not have",
    ],
    expressible: false,
  },
  {
    name: "more than the memory of Postgres",
    config: `config:
  airflow:postgres:
    memory: 512
    settings: { shared_buffers: 2GB, work_mem: 200MB, max_connections: 1000 }
`,
    says: [
      "4: postgres.settings.max_connections is 1000; each connection takes at least 1 MiB, beside shared_buffers: expected at most 256 with 512 MiB, or more postgres.memory",
      "4: postgres.settings.shared_buffers is 2GB; expected at most 256 MiB of the 512 MiB in postgres.memory, or more postgres.memory",
      "4: postgres.settings.work_mem is 200MB; expected at most 128 MiB of the 512 MiB in postgres.memory, or more postgres.memory",
    ],
    expressible: false,
  },
  {
    name: "settings that Redis does not know, and values with which it does not start",
    config: `config:
  airflow:redis:
    settings:
      maxmemmory: 100mb
      maxclients: many
      appendfsync: sometimes
      hz: -1
      activedefrag: yes
      proto-max-bulk-len: 512
      client-output-buffer-limit: normal 0
      notify-keyspace-events: Q
      proc-title-template: '"{title}'
      timeout: 1.5
`,
    says: [
      "4: redis.settings.maxmemmory is 100mb; Redis 7 does not know it, and would not start: did you mean maxmemory? expected a setting of redis.conf",
      "5: redis.settings.maxclients is many; expected a whole number from 1 to 4294967295",
      "6: redis.settings.appendfsync is sometimes; expected everysec or always or no",
      "7: redis.settings.hz is -1; expected a whole number from 0 to 2147483647",
      "8: redis.settings.activedefrag is yes; expected no",
      "9: redis.settings.proto-max-bulk-len is 512; expected a size: 100mb, 2gb or bytes, 1048576 or more",
      "10: redis.settings.client-output-buffer-limit is normal 0; expected normal 0 0 0",
      "11: redis.settings.notify-keyspace-events is Q; expected letters of Ag$lshzxeKEtmdn, or '\"\"'",
      '12: redis.settings.proc-title-template is "{title}; expected one word, or words in quotes; \'""\' is an empty one',
      "13: redis.settings.timeout is 1.5; expected a whole number from 0 to 2147483647",
    ],
    expressible: false,
  },
  {
    name: "more memory than Redis has, and all memory of Postgres for one worker",
    config: `config:
  airflow:redis: { memory: 256, settings: { maxmemory: 250mb } }
  airflow:postgres: { settings: { autovacuum_work_mem: 1GB } }
`,
    says: [
      "2: redis.settings.maxmemory is 250mb; Redis may use 256 MiB, redis.memory, and rewrites its log beside the data: expected 1mb to 204mb, or more redis.memory",
      "3: postgres.settings.autovacuum_work_mem is 1GB; expected at most 256 MiB of the 1024 MiB in postgres.memory, or more postgres.memory",
    ],
    expressible: false,
  },
  {
    name: "Redis without a memory limit, and as a cluster",
    config: `config:
  airflow:redis: { settings: { maxmemory: 0, min-replicas-to-write: 1, cluster-enabled: yes, logfile: /data/log } }
`,
    says: [
      "2: redis.settings.cluster-enabled is {…}; the stack runs one Redis, with data of its own: expected redis.url, for a cluster of yours",
      "2: redis.settings.logfile is {…}; the log of Redis is its container's, for people and the engine: expected no value; remove it",
      "2: redis.settings.maxmemory is 0; Redis may use 512 MiB, redis.memory, and rewrites its log beside the data: expected 1mb to 409mb, or more redis.memory",
      "2: redis.settings.min-replicas-to-write is {…}; the stack runs one Redis, with data of its own: expected redis.url, for a cluster of yours",
    ],
    expressible: false,
  },
  {
    name: "any moment to restore from a server without a log for others",
    config: `config:
  airflow:backup: { continuous: true }
  airflow:postgres:
    settings:
      wal_level: minimal
      max_wal_senders: 0
      WAL_keep_size: 256MB
`,
    says: [
      "5: postgres.settings.wal_level is minimal; backup.continuous needs the log: nothing can receive such a log: expected replica",
      "6: postgres.settings.max_wal_senders is 0; backup.continuous needs the log: expected at least 4",
      "7: postgres.settings.WAL_keep_size is 256MB; backup.continuous needs the log: expected at least 512MB",
    ],
    expressible: false,
  },
  {
    name: "any moment to restore of an external server",
    config: `config:
  airflow:backup: { continuous: true }
  airflow:postgres:
    url:
      secure: "v1:a:b"
`,
    says: [
      "2: backup.continuous is true; the log of an external server is its owner's: expected false, or no postgres.url",
    ],
    expressible: false,
  },
];
