import * as pulumi from "@pulumi/pulumi";
import type { Endpoint } from "../workload.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main } from "./role.ts";

export interface WebserverArgs extends RoleArgs {
  readonly endpoint: Endpoint;
  /** Port of the loopback interface. */
  readonly loopbackPort: number;
}

const probes = ["/api/v2/version", "/execution/health"];

/** The user interface and the REST API, and in Airflow 3 the execution API that tasks report to. */
export class Webserver extends pulumi.ComponentResource {
  readonly url: string;

  constructor(name: string, args: WebserverArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Webserver", name, {}, opts);
    const { port } = args.endpoint;
    args.platform.service(
      name,
      {
        ...airflowRole("webserver", args),
        command: main("airflow", "api-server", "--port", String(port)),
        memory: 2048,
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
    this.url = `http://127.0.0.1:${args.loopbackPort}`;
    this.registerOutputs();
  }
}
