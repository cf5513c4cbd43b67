import { capabilities } from "../capabilities.ts";
import type { Settings } from "../settings/model/groups.ts";
import type { StateResource } from "./ownership/known.ts";

/** A Docker engine among several, and how to reach it. */
export interface Machine {
  readonly name: string;
  /** Address of the engine, as in `DOCKER_HOST`: `unix://PATH`, `ssh://USER@HOST` or `tcp://HOST:PORT`. */
  readonly docker: string;
  /** Address at which the other machines reach this one. */
  readonly address: string;
  /** Directory with ca.pem, cert.pem and key.pem, for `tcp://`. */
  readonly certificates?: string | undefined;
}

/** A machine as the state of a stack knows it. */
export type DeployedMachine = Omit<Machine, "address">;

/** Returns the environment that selects a machine's engine for the Docker client; empty for its default engine. */
export function clientEnvironment(machine?: DeployedMachine): Record<string, string> {
  if (!machine) return {};
  const { docker, certificates } = machine;
  const tls = certificates === undefined ? {} : { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates };
  return { DOCKER_HOST: docker, DOCKER_CONTEXT: "", ...tls };
}

/** Returns the Docker client's command for a machine's engine, for people to run. */
export function clientCommand(machine?: Pick<Machine, "docker">): string {
  return machine ? `docker --host ${machine.docker}` : "docker";
}

/** Returns the name of the machine that a provider's name has; undefined for the first machine, whose provider is `docker`. */
export function machineIn(provider: string): string | undefined {
  return /^docker-(.+)$/.exec(provider)?.[1];
}

/** Type of a Docker engine's provider. */
export const engineProvider = "pulumi:providers:docker";

/** Lists the machines in a state, except the first, whose provider has the plain name. */
export function machinesIn(resources: readonly StateResource[]): DeployedMachine[] {
  return resources.flatMap(({ urn, type, outputs: { host, certPath } = {} }) => {
    const name = machineIn(urn.slice(urn.lastIndexOf("::") + 2));
    if (type !== engineProvider || name === undefined) return [];
    return [
      { name, docker: String(host), ...(certPath !== undefined && { certificates: String(certPath) }) },
    ];
  });
}

/**
 * Finds a provider's machine by the provider's name; undefined for the Docker client's default engine, or if the machine is unknown.
 * @param listed machines of the stack file; the first one has the plain provider
 * @param known machines among which the others are
 */
export function machineOf<T extends { readonly name: string }>(
  provider: string,
  listed: readonly T[],
  known: readonly T[] = listed,
): T | undefined {
  const further = machineIn(provider);
  return further === undefined ? listed[0] : known.find(({ name }) => name === further);
}

/** A machine of a stack on Docker. */
export interface DockerMachine extends Machine {
  /** Roles that run here instead of on the first machine. */
  readonly roles: readonly string[];
}

/** Lists the machines of a stack on Docker; none means the Docker client's default engine. */
export function machinesOf({ platform, machines = [] }: Settings): readonly DockerMachine[] {
  if (!capabilities[platform].engines) return [];
  return machines.map(({ name, docker, address, certificates, roles = [] }) => {
    if (!docker || !address) throw new Error(`machines: ${name} lacks docker or address; expected both.`);
    return { name, docker, address, certificates, roles };
  });
}

/** Returns the suffix of the names of a machine's resources: none on the first, so that a stack on one engine can grow to several. */
export function suffixOf<T extends { readonly name: string }>(machine: T, machines: readonly T[]): string {
  return machine === machines[0] ? "" : `-${machine.name}`;
}

/** Finds the machine that runs a role: the one that lists it, otherwise the first. */
export function homeOf<T extends DockerMachine>(role: string, machines: readonly T[]): T | undefined {
  return machines.find(({ roles }) => roles.includes(role)) ?? machines[0];
}
