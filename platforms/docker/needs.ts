import * as pulumi from "@pulumi/pulumi";
import { type Settings, triggerersOf, type WorkerGroup } from "../../settings/model/groups.ts";
import { openedServices } from "../../settings/model/published.ts";
import { type DockerMachine, homeOf, machinesOf } from "../machines.ts";
import { imagesOn } from "../usedImages.ts";
import { preflightHere } from "./preflight/here.ts";
import { type Needs, type NeedsHere, preflight } from "./preflight/preflight.ts";
import type { Port } from "./preflight/rules.ts";

/** MiB of memory for everything but workers: twice what was measured idle. */
const controlMemory = 2560;

/** MiB of memory for each triggerer of a group: twice what was measured idle. */
const triggererMemory = 512;

/** MiB on the disk for images, and for logs of the first weeks. */
const disk = 4096;

function portsOn(
  machine: DockerMachine | undefined,
  machines: readonly DockerMachine[],
  settings: Settings,
): Port[] {
  const { gatewayPort, publish } = settings;
  const opened = openedServices(settings);
  const here = opened.filter(({ service }) => homeOf(service, machines) === machine);
  const published = publish && homeOf("webserver", machines) === machine ? [publish] : [];
  return [
    ...(machine && machines.length > 1
      ? [
          {
            address: machine.address,
            port: gatewayPort,
            use: "the gateway (airflow:gatewayPort)",
            by: ["gateway"],
          },
        ]
      : []),
    ...here.flatMap(({ service, instances, port: first }) =>
      Array.from({ length: instances }, (_, index) => ({
        address: "127.0.0.1",
        port: first + index,
        use: `${service} (airflow:${service}Port)`,
        // The first instance had no number if it was the only one, and the only one the first number.
        by: index === 0 ? [service, `${service}-1`] : [`${service}-${index + 1}`],
      })),
    ),
    ...published.flatMap(({ address, ...ports }) =>
      opened.map(({ service }) => ({
        address,
        port: ports[`${service}Port`],
        use: `publishing (airflow:publish.${service}Port)`,
        by: ["entrance"],
      })),
    ),
  ];
}

/** Needs of a stack on one of its machines, or on the Docker client's default engine. */
function needsOn(
  machine: DockerMachine | undefined,
  machines: readonly DockerMachine[],
  settings: Settings,
): NeedsHere {
  const isHere = (group: WorkerGroup) => (group.machine ?? machines[0]?.name) === machine?.name;
  const workers = settings.groups.filter(isHere);
  const workerMemory = workers.reduce((sum, group) => sum + group.workers * group.memory, 0);
  const triggerers = triggerersOf(settings.groups)
    .filter(({ group }) => isHere(group))
    .reduce((sum, { count }) => sum + count, 0);
  return {
    ports: portsOn(machine, machines, settings),
    memory:
      workerMemory +
      triggerers * triggererMemory +
      (homeOf("scheduler", machines) === machine ? controlMemory : 0),
    disk,
    image: settings.images[machines.length > 1 ? "gateway" : "airflow"],
  };
}

/** Needs of a stack on each of its machines. */
export function needsOf(settings: Settings): readonly Needs[] {
  const machines = machinesOf(settings);
  return machines.map((machine) => ({
    machine,
    images: imagesOn(machine, settings),
    ...needsOn(machine, machines, settings),
  }));
}

/** Needs of a stack on the Docker client's default engine. */
export function needsHere(settings: Settings): NeedsHere {
  return needsOn(undefined, [], settings);
}

/** Returns the name of a container that publishes ports for this stack, and not for another stack whose name begins with this one's. */
export function publisherOf(container: string, prefix: string): string | undefined {
  const name = container.startsWith(`${prefix}-`) ? container.slice(prefix.length + 1) : "";
  return /^(webserver(-\d+)?|flower|monitoring|gateway|entrance)$/.test(name) ? name : undefined;
}

/** Checks a stack's engines; returns warnings, and throws if there are faults. */
async function warningsOf(settings: Settings, prefix: string): Promise<readonly string[]> {
  const ownName = (container: string) => publisherOf(container, prefix);
  const machines = needsOf(settings);
  if (machines.length === 0) return preflightHere(needsHere(settings), ownName);
  return preflight(machines, ownName);
}

/**
 * Checks the engines of a stack before anything on them is touched.
 * @param prefix of the names of the stack's containers
 * @throws pulumi.RunError listing every fault
 */
export async function checkEngines(settings: Settings, prefix: string): Promise<void> {
  const warnings = await warningsOf(settings, prefix).catch((error) => {
    throw new pulumi.RunError(error.message);
  });
  for (const warning of warnings) pulumi.log.warn(warning);
}
