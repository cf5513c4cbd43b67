import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { inUrl } from "../../settings/model/urls/escapes.ts";
import type { Lines } from "../../settings/schema/services.ts";
import { type Endpoint, type Platform, runtimeDirectory, type Values } from "../../workload.ts";
import type { Broker } from "../broker.ts";
import type { Secrets } from "../secrets.ts";
import { redisConf, redisUsers, usersFile } from "./redis.conf.ts";
import { replaySeconds } from "./replay.ts";

const start = readFileSync(new URL("startRedis.sh", import.meta.url), "utf8");
const data = "/data";
const state = `${runtimeDirectory}/notify.state`;

/**
 * Accepts any answer: a Redis server that refuses writes still keeps acknowledged ones, in memory if its disk is
 * full, and a restart would lose them. Prints such an answer; LOADING counts as progress.
 */
const answers = [
  "answer=$(redis-cli --user health --pass - --no-auth-warning ping) || exit 1",
  `case $answer in LOADING*) echo "$answer"; exit 75 ;; esac`,
  `grep -qx READY=1 ${state} || exit 1`,
  '[ "$answer" = PONG ] || echo "$answer"',
].join("\n");

export interface RedisArgs {
  readonly platform: Platform;
  /** An image with `redis-server`, linked with libsystemd, `redis-check-aof` and `notify-supervise`. */
  readonly image: string;
  readonly secrets: Secrets;
  /** MiB that Redis may use. */
  readonly memory: number;
  /** Lines of `redis.conf`, which win over the stack's own. */
  readonly settings: Lines;
}

/** The broker. It counts as started once Redis itself reports `READY=1` to the supervisor that started it. */
export class Redis extends pulumi.ComponentResource implements Broker {
  readonly target: Endpoint;
  readonly url: pulumi.Output<string>;
  readonly files: Values = {};

  constructor(
    name: string,
    { platform, image, secrets, memory, settings }: RedisArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:Redis", name, {}, opts);
    const { brokerPassword } = secrets.values;
    const passwords = pulumi
      .all([brokerPassword, secrets.previous])
      .apply(([current, { brokerPassword: previous }]) => [
        current,
        ...(previous === undefined ? [] : [previous]),
      ]);
    platform.service(
      name,
      {
        image,
        command: [
          "sh",
          "-c",
          start,
          "start",
          data,
          "notify-supervise",
          "redis-server",
          "/etc/redis/airflow.conf",
        ],
        user: { uid: 999, gid: 999 },
        env: { NOTIFY_SOCKET: `${runtimeDirectory}/notify.sock`, NOTIFY_STATE: state },
        secrets: { [usersFile]: passwords.apply((all) => redisUsers(...all)) },
        files: { "/etc/redis/airflow.conf": redisConf(memory, settings) },
        volumes: { [data]: platform.volume(`${name}-data`, "exclusive") },
        limits: { memory, cpu: 1 },
        reaches: [],
        stateful: true,
        priority: "control",
        port: 6379,
        healthy: { command: ["sh", "-c", answers], startSeconds: 120, awaitedSeconds: replaySeconds },
        stop: { signal: "SIGTERM", graceSeconds: 60 },
      },
      { parent: this },
    );
    this.target = platform.endpoint(name, 6379);
    const { host, port } = this.target;
    this.url = pulumi.secret(
      pulumi.interpolate`redis://airflow:${brokerPassword.apply(inUrl)}@${host}:${port}/0`,
    );
    this.registerOutputs();
  }
}
