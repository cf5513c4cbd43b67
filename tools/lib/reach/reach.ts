import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { capabilities, forPlatform } from "../../../capabilities.ts";
import { several } from "../../../components/roles/role.ts";
import { homeOf, type Machine, machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { readDeployed } from "../../../settings/read/read.ts";
import { instances } from "../../../workload.ts";
import type { Stack } from "../stack.ts";
import { forward } from "./kubernetes.ts";
import { type Opened, openedOf } from "./opened.ts";
import { portInUse, tunnel } from "./tunnel.ts";

/** An instance of the webserver, of Flower or of the monitoring on another machine. */
interface Remote {
  readonly machine: Machine;
  readonly service: Opened["service"];
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

/** True if a service of a stack, or without a name one of them all, can only be reached while {@link reach} runs. */
export function isElsewhere(settings: Settings, service?: Opened["service"]): boolean {
  if (!capabilities[settings.platform].loopback) return true;
  return remotes(settings).some((remote) => service === undefined || remote.service === service);
}

/** Opens tunnels to the machines that run the services. */
async function throughMachines(stack: Stack, services: readonly Remote[]): Promise<() => void> {
  const ends: (() => void)[] = [];
  const end = () => {
    for (const one of ends) one();
  };
  try {
    for (const { machine, service, instance, port, local } of services) {
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

/** Chooses the services to reach, and their ports here. */
type Choose = <T extends Pick<Opened, "service" | "local">>(services: readonly T[]) => readonly T[];

/**
 * Makes services of a stack reachable at loopback ports, wherever they run; by default all that people open, at their own ports.
 * @returns a function that ends the forwarding
 * @throws Error when a port is in use, or the cluster or a machine does not answer
 */
export async function reach(stack: Stack, choose: Choose = (services) => services): Promise<() => void> {
  const settings = readDeployed(stack.file);
  const open = forPlatform(settings.platform, {
    docker: () => throughMachines(stack, choose(remotes(settings))),
    kubernetes: () => forward(stack, choose(openedOf(settings))),
  });
  return open();
}

/** Returns a port of the loopback interface on which no process listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/**
 * Makes one webserver of a stack reachable for this command. The port of a forwarding is any free one: the webserver's own
 * may be taken here, by another stack or by `npm run open`.
 * @returns the webserver's URL, and a function that ends the forwarding
 */
export async function reachWebserver(
  stack: Stack,
  settings: Settings,
): Promise<{ readonly url: string; readonly end: () => void }> {
  const isForwarded = isElsewhere(settings, "webserver");
  const local = isForwarded ? await freePort() : settings.webserverPort;
  const first: Choose = (services) =>
    services
      .filter(({ service }) => service === "webserver")
      .slice(0, 1)
      .map((one) => ({ ...one, local }));
  return { url: `http://127.0.0.1:${local}`, end: await reach(stack, first) };
}
