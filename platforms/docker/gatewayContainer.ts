import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { DockerMachine } from "../machines.ts";
import type { Authority } from "./authority.ts";
import { type Placement, serviceContainers } from "./container.ts";
import {
  command,
  configuration,
  type Edge,
  gatewayAliases,
  gatewayConf,
  gatewaySecrets,
  health,
} from "./gateway.ts";

export interface GatewayArgs {
  readonly image: string;
  /** Port on the address of each machine. */
  readonly port: number;
}

/** Renders the container of one machine's gateway, which carries connections between machines. */
export function gatewayContainer(
  machine: DockerMachine,
  machines: readonly DockerMachine[],
  { image, port }: GatewayArgs,
  edges: pulumi.Input<readonly Edge[]>,
  authority: Authority,
  placement: Placement,
): docker.ContainerArgs {
  const known = pulumi.output(edges);
  const { gateway = {} } = serviceContainers(
    "gateway",
    {
      image,
      command,
      user: { uid: 999, gid: 999 },
      files: { [configuration]: known.apply((all) => gatewayConf(machine.name, all, machines, port)) },
      secrets: {
        [gatewaySecrets.machine]: authority.machines.apply((all) => all[machine.name] ?? ""),
        [gatewaySecrets.authorities]: authority.authorities,
      },
      limits: { memory: 256, cpu: 2 },
      reaches: [],
      healthy: { command: health(port), startSeconds: 60 },
      priority: "control",
      stop: { signal: "SIGTERM", graceSeconds: 10 },
    },
    placement,
  );
  const aliases = known.apply((all) => ["gateway", ...gatewayAliases(machine.name, all)]);
  return {
    ...(gateway as docker.ContainerArgs),
    networksAdvanced: [{ name: placement.network, aliases }],
    ports: [{ internal: port, external: port, ip: machine.address }],
  };
}
