import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import type { Endpoint, Values } from "../../workload.ts";
import { withExtras } from "./extras.ts";
import { type FlowerPage, flowerPage } from "./flowerPage/flowerPage.ts";
import { airflowRole, type RoleArgs, several, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";

export interface WebserverArgs extends RoleArgs {
  readonly endpoint: Endpoint;
  readonly webservers: number;
  /** Servers of the logs of running tasks and triggers. */
  readonly logServers: readonly Endpoint[];
  /** Port of the loopback interface. */
  readonly loopbackPort: number;
  /** Proxies whose forwarding headers name the client: the user's own, or `*` behind the stack's proxy or an ingress. */
  readonly trustedProxies: readonly string[];
  /** Flower, if it is below the webserver. */
  readonly flower?: FlowerPage | undefined;
}

/** Names the trusted proxies. Without a name uvicorn trusts this machine alone, but under gunicorn every client. */
function forwarding({ trustedProxies }: WebserverArgs, env: Values): Values {
  const { AIRFLOW__API__SERVER_TYPE: server } = env;
  const underGunicorn = typeof server === "string" && server.toLowerCase() === "gunicorn";
  const trusted = trustedProxies.length === 0 && underGunicorn ? ["127.0.0.1"] : trustedProxies;
  return trusted.length > 0 ? { FORWARDED_ALLOW_IPS: trusted.join(",") } : {};
}

/** The user interface and the REST API, and in Airflow 3 the execution API that tasks report to. */
export class Webserver extends pulumi.ComponentResource {
  /** URL at which people find the webserver. */
  readonly url: string;

  constructor(name: string, args: WebserverArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Webserver", name, {}, opts);
    const { port } = args.endpoint;
    const { command, env, healthy } = args.version.webserver;
    const role = airflowRole("webserver", args);
    const page = args.flower && flowerPage(args.flower);
    args.platform.service(
      name,
      withExtras("webserver", args, {
        ...role,
        env: { ...role.env, ...env, ...forwarding(args, role.env) },
        secrets: { ...role.secrets, ...page?.secrets },
        command: underInit(...airflowCommand(...command(port))),
        limits: { memory: roleTable.webserver.memory, cpu: 2 },
        reaches: [args.postgres, ...args.logServers, ...(args.flower ? [args.flower.endpoint] : [])],
        // The webserver reads remote logs itself.
        outbound: args.logs === undefined,
        ...several(args.webservers),
        priority: "control",
        port,
        loopbackPort: args.loopbackPort,
        ...healthy(`http://127.0.0.1:${port}`, { ...role.files, ...page?.files }, page?.modules),
      }),
      { parent: this },
    );
    this.url = args.platform.url(name, args.loopbackPort);
    this.registerOutputs();
  }
}
