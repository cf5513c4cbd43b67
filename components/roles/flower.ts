import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import { withExtras } from "./extras.ts";
import { answersAt } from "./heartbeat/heartbeat.ts";
import { airflowRole, type RoleArgs, underInit } from "./role.ts";
import { flowerCommand, flowerFile } from "./start/start.ts";

export interface FlowerArgs extends RoleArgs {
  /** Port of the loopback interface. */
  readonly loopbackPort: number;
  /** Path below which Flower is; default: that of its own address. */
  readonly path?: string | undefined;
}

const { port, memory } = roleTable.flower;

/** Shows queues and workers. Flower knows only the broker and its own login. */
export class Flower extends pulumi.ComponentResource {
  /** URL at which people find Flower. */
  readonly url: string;

  constructor(name: string, args: FlowerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Flower", name, {}, opts);
    const role = airflowRole("flower", args);
    this.url = args.platform.url(name, args.loopbackPort);
    const path = args.path ?? new URL(this.url).pathname.replace(/\/$/, "");
    args.platform.service(
      name,
      withExtras("flower", args, {
        ...role,
        files: { ...role.files, ...flowerFile },
        env: { ...role.env, ...args.version.flower.env, ...(path !== "" && { FLOWER_URL_PREFIX: path }) },
        volumes: {},
        scratch: [...new Set([...role.scratch, ...args.version.flower.scratch])],
        reaches: [args.redis],
        priority: "control",
        command: underInit(...flowerCommand("--port", String(port))),
        limits: { memory, cpu: 1 },
        port,
        loopbackPort: args.loopbackPort,
        healthy: { command: answersAt(`http://127.0.0.1:${port}${path}/healthcheck`), startSeconds: 180 },
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
