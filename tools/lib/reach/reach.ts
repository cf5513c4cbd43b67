import { capabilities, forPlatform } from "../../../capabilities.ts";
import { several } from "../../../components/roles/role.ts";
import { homeOf, type Machine, machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { readDeployed } from "../../../settings/read/read.ts";
import { instances } from "../../../workload.ts";
import type { Stack } from "../stack.ts";
import { forward } from "./kubernetes.ts";
import { openedOf } from "./opened.ts";
import { portInUse, tunnel } from "./tunnel.ts";

/** An instance of the webserver, of Flower or of the monitoring on another machine. */
interface Remote {
  readonly machine: Machine;
  readonly service: string;
  readonly instance: string;
  readonly port: number;
  /** Port of the loopback interface here. */
  readonly local: number;
}

function remotes(settings: Settings): Remote[] {
  const machines = machinesOf(settings);
  return openedOf(settings).flatMap(({ service, instances: count, port, local }) => {
    const machine = homeOf(service, machines);
    if (!machine || machine.docker.startsWith("unix:")) return [];
    return instances(service, several(count)).map((instance, at) => {
      return { machine, service, instance, port, local: local + at };
    });
  });
}

/** True if the webserver or Flower of a stack can only be reached while {@link reach} runs. */
export function isElsewhere(settings: Settings): boolean {
  return !capabilities[settings.platform].loopback || remotes(settings).length > 0;
}

/** Opens tunnels to the machines that run the services. */
async function throughMachines(stack: Stack): Promise<() => void> {
  const settings = readDeployed(stack.file);
  const ends: (() => void)[] = [];
  const end = () => {
    for (const one of ends) one();
  };
  try {
    for (const { machine, service, instance, port, local } of remotes(settings)) {
      const opened = tunnel(machine, `${stack.prefix}-${instance}`, port, local);
      ends.push(
        await opened.catch((error) => {
          throw error.code === "EADDRINUSE" ? portInUse(service, local) : error;
        }),
      );
    }
  } catch (error) {
    end();
    throw error;
  }
  return end;
}

/**
 * Makes the webserver and Flower of a stack reachable at their loopback ports, wherever they run.
 * @returns a function that ends the forwarding
 * @throws Error when a port is in use, or the cluster or a machine does not answer
 */
export async function reach(stack: Stack): Promise<() => void> {
  const { platform } = readDeployed(stack.file);
  return forPlatform(platform, { docker: throughMachines, kubernetes: forward })(stack);
}
