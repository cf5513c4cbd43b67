import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/groups.ts";
import { type DockerMachine, homeOf, machinesOf } from "./machines.ts";
import { type Needs, preflight, unreachable } from "./preflight/preflight.ts";

/** MiB that everything but workers takes, measured idle, with as much again to work with. */
const control = 2560;

/** MiB that the images take, and the logs of a while. */
const disk = 4096;

function portsOn(machine: DockerMachine, machines: readonly DockerMachine[], settings: Settings) {
  const { webservers, webserverPort, flowerPort, gatewayPort, publish } = settings;
  const published = publish && homeOf("webserver", machines) === machine ? [publish] : [];
  const loopback = (role: string, first: number, count: number) =>
    homeOf(role, machines) === machine
      ? Array.from({ length: count }, (_, index) => ({
          address: "127.0.0.1",
          port: first + index,
          use: `${role} (airflow:${role}Port)`,
        }))
      : [];
  return [
    ...(machines.length > 1
      ? [{ address: machine.address, port: gatewayPort, use: "the gateway (airflow:gatewayPort)" }]
      : []),
    ...loopback("webserver", webserverPort, webservers),
    ...loopback("flower", flowerPort, 1),
    ...published.flatMap(({ address, ...ports }) =>
      (["webserverPort", "flowerPort"] as const).map((key) => ({
        address,
        port: ports[key],
        use: `publishing (airflow:publish.${key})`,
      })),
    ),
  ];
}

/** What a stack asks of each of its machines; of the engine that is found by itself, nothing. */
export function needsOf(settings: Settings): readonly Needs[] {
  const machines = machinesOf(settings);
  return machines.map((machine) => {
    const workers = settings.groups.filter((group) => (group.machine ?? machines[0]?.name) === machine.name);
    const asked = workers.reduce((sum, group) => sum + group.workers * group.memory, 0);
    return {
      machine,
      ports: portsOn(machine, machines, settings),
      memory: asked + (homeOf("scheduler", machines) === machine ? control : 0),
      disk,
      image: settings.images[machines.length > 1 ? "gateway" : "airflow"],
    };
  });
}

/**
 * Looks at the machines of a stack before anything on them is touched.
 * @param prefix in front of the names of the stack's containers
 * @throws pulumi.RunError listing every fault
 */
export async function checkMachines(settings: Settings, prefix: string): Promise<void> {
  const left = await preflight(needsOf(settings), { prefix, unreachable: unreachable() }).catch((error) => {
    throw new pulumi.RunError(error.message);
  });
  for (const name of left) pulumi.log.warn(`machine ${name} is down: what is to run there is missing`);
}
