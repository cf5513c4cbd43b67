import * as pulumi from "@pulumi/pulumi";
import type { Endpoint } from "../workload.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main, several } from "./role.ts";

export interface WebserverArgs extends RoleArgs {
  readonly endpoint: Endpoint;
  readonly webservers: number;
  /** Who serves the logs of tasks that still run. */
  readonly logServers: readonly Endpoint[];
  /** Port of the loopback interface. */
  readonly loopbackPort: number;
}

const probes = ["/api/v2/version", "/execution/health"];

/** The user interface and the REST API, and in Airflow 3 the execution API that tasks report to. */
export class Webserver extends pulumi.ComponentResource {
  /** Where people find it. */
  readonly url: string;

  constructor(name: string, args: WebserverArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Webserver", name, {}, opts);
    const { port } = args.endpoint;
    args.platform.service(
      name,
      {
        ...airflowRole("webserver", args),
        command: main("airflow", "api-server", "--port", String(port), "--proxy-headers"),
        limits: { memory: 2048, cpu: 2 },
        reaches: [args.postgres, ...args.logServers],
        // It reads remote logs itself.
        outbound: args.logs === undefined,
        ...several(args.webservers),
        priority: "control",
        port,
        loopbackPort: args.loopbackPort,
        // Not /monitor/health: that speaks of the scheduler, which a restart here would not mend. The execution API is
        // made at its first request, which would otherwise cost the first task 3 s.
        healthy: {
          command: [
            "curl",
            "-fsS",
            "--fail-early",
            ...probes.flatMap((path) => ["-o", "/dev/null", `http://127.0.0.1:${port}${path}`]),
          ],
          startSeconds: 240,
        },
      },
      { parent: this },
    );
    this.url = args.platform.url(name, args.loopbackPort);
    this.registerOutputs();
  }
}
