import type { Settings } from "../settings/model/groups.ts";

/** A Docker engine among several, and how it is found. */
export interface Machine {
  readonly name: string;
  /** Where its engine listens, as `DOCKER_HOST` has it: `unix://PATH`, `ssh://USER@HOST` or `tcp://HOST:PORT`. */
  readonly docker: string;
  /** Where the other machines reach it. */
  readonly address: string;
  /** Directory with ca.pem, cert.pem and key.pem, for `tcp://`. */
  readonly certificates?: string | undefined;
}

/** What leads the Docker client to the engine of a machine; nothing for the one that it finds by itself. */
export function clientEnvironment(machine?: Omit<Machine, "address">): Record<string, string> {
  if (!machine) return {};
  const { docker, certificates } = machine;
  const tls = certificates === undefined ? {} : { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates };
  return { DOCKER_HOST: docker, DOCKER_CONTEXT: "", ...tls };
}

/** The Docker client's command, for people, that leads to the engine of a machine. */
export function clientCommand(machine?: Pick<Machine, "docker">): string {
  return machine ? `docker --host ${machine.docker}` : "docker";
}

/** The machine of a provider, by the provider's name: the first one's bears no machine's name. */
export function machineOf<T extends { readonly name: string }>(
  provider: string | undefined,
  machines: readonly T[],
): T | undefined {
  return machines.find(({ name }) => provider === `docker-${name}`) ?? machines[0];
}

/** A machine of a stack on Docker. */
export interface DockerMachine extends Machine {
  /** What runs here instead of on the first machine. */
  readonly roles: readonly string[];
}

/** The machines of a stack on Docker; none: the engine that the Docker client finds by itself. */
export function machinesOf({ platform, machines = [] }: Settings): readonly DockerMachine[] {
  if (platform !== "docker") return [];
  return machines.map(({ name, docker, address, certificates, roles = [] }) => {
    if (docker === undefined || address === undefined) throw new Error(`The machine ${name} has no place.`);
    return { name, docker, address, certificates, roles };
  });
}

/** The machine that something runs on, by its name among the roles: the first one unless another one says so. */
export function homeOf<T extends DockerMachine>(role: string, machines: readonly T[]): T | undefined {
  return machines.find(({ roles }) => roles.includes(role)) ?? machines[0];
}
