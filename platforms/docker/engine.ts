import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Values } from "../../workload.ts";
import { clientCommand, type DockerMachine } from "../machines.ts";
import type { Claim } from "../ownership/claims.ts";
import { bySource } from "./bySource.ts";
import { labelList, type Placement } from "./container.ts";

export interface EngineArgs {
  /** Name of the platform's resources. */
  readonly name: string;
  /** Prefix of every name on the engine. */
  readonly prefix: string;
  /** If absent: the Docker client's default engine. */
  readonly machine?: DockerMachine;
  /** Suffix of resources that every machine has; empty on the first machine. */
  readonly suffix: string;
  /** Labels of every resource on the engine. */
  readonly labels: Values;
  /** Records every name that will be used on the engine. */
  readonly claim: (claim: Claim) => void;
  readonly parent: pulumi.Resource;
}

/** Options of ssh, which gives up after 10 s without a connection, or 15 s of silence. */
const sshOptions = ["ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3"];

function providerArgs({ docker: host, certificates }: DockerMachine): docker.ProviderArgs {
  return {
    host,
    ...(host.startsWith("ssh:") && { sshOpts: sshOptions.flatMap((option) => ["-o", option]) }),
    ...(certificates !== undefined && { certPath: certificates }),
  };
}

/** Treatment of a volume that the stack no longer declares. */
const fates = {
  /** Nothing else has this data: the volume cannot be removed by mistake. */
  protected: { protect: true },
  /** The volume stays on its machine, which may come back. */
  left: { retainOnDelete: true },
  /** The volume can be filled again. */
  removed: {},
};
type Fate = keyof typeof fates;

/** Returns the last 20 lines of a log, indented. */
function lastLines(log: string | undefined): string {
  const lines = (log ?? "").trimEnd().split("\n").slice(-20);
  return lines.map((line) => `\n  ${line}`).join("");
}

/** Resources of a stack on one Docker engine. */
export class Engine {
  readonly args: EngineArgs;
  readonly placement: Placement;
  /** Gateway to services on other machines, if there are any. */
  gateway: pulumi.Resource | undefined;
  private readonly provider: docker.Provider;
  private readonly volumes = new Map<string, pulumi.Output<string>>();

  constructor(args: EngineArgs) {
    const { name, prefix, machine, suffix, labels, parent } = args;
    this.args = args;
    this.claim("network", prefix);
    this.provider = new docker.Provider(name + suffix, machine ? providerArgs(machine) : {}, { parent });
    const network = new docker.Network(
      name + suffix,
      // An explicit list, even if empty, since an engine answers with one.
      { name: prefix, labels: labelList(labels) },
      // Replacing the network for new labels, or for an engine that makes networks with IPv6, would stop every container in it.
      { parent, provider: this.provider, deleteBeforeReplace: true, ignoreChanges: ["labels", "ipv6"] },
    );
    this.placement = { prefix, network: network.name, labels };
  }

  /** Declares a container, which waits for its turn. */
  container(
    name: string,
    args: docker.ContainerArgs,
    opts: pulumi.CustomResourceOptions,
    turn?: Promise<void>,
  ): docker.Container {
    // A service whose name is not known yet has one instance, and that has the service's name.
    this.claim("container", typeof args.name === "string" ? args.name : `${this.args.prefix}-${name}`);
    return new docker.Container(name, bySource(args), {
      // The turn delays a dependency that the container has anyway: the provider.
      ...(turn ? pulumi.mergeOptions(opts, { dependsOn: [turn.then(() => this.provider)] }) : opts),
      provider: this.provider,
      deleteBeforeReplace: true,
      // The engine cannot change these on a container; the provider would only record the new value.
      replaceOnChanges: ["healthcheck", "init"],
    });
  }

  /** Runs a container to its end; a dependency on the result is a dependency on its success. */
  run(
    name: string,
    args: docker.ContainerArgs,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Input<pulumi.Resource> {
    const container = this.container(
      name,
      { ...args, logs: true },
      { ...opts, additionalSecretOutputs: ["containerLogs"] },
    );
    const client = clientCommand(this.args.machine);
    const { exitCode, name: full, urn, containerLogs } = container;
    return pulumi.all([exitCode, full, urn, containerLogs]).apply(([code, full, urn, log]) => {
      if (code === 0) return container;
      throw new pulumi.RunError(
        `The log of ${name} ends with:${lastLines(log)}\n` +
          `${name} failed with exit code ${code}; nothing that depends on it was started. ` +
          `The whole log: ${client} logs ${full}\n` +
          `When the cause is removed, npm run up runs it again; with the CLI alone: pulumi up --replace '${urn}'`,
      );
    });
  }

  /** Declares a volume on this engine, once. */
  volume(name: pulumi.Input<string>, fate: Fate): pulumi.Output<string> {
    if (typeof name !== "string") throw new Error("A volume has no name yet; expected one of this platform.");
    const { prefix, suffix, labels, parent } = this.args;
    const known = this.volumes.get(name);
    if (known) return known;
    this.claim("volume", `${prefix}-${name}`);
    // Replacing the volume for new labels would lose its data.
    const opts = { parent, provider: this.provider, ignoreChanges: ["labels"], ...fates[fate] };
    const labelled = Object.keys(labels).length > 0 && { labels: labelList(labels) };
    const made = new docker.Volume(name + suffix, { name: `${prefix}-${name}`, ...labelled }, opts).name;
    this.volumes.set(name, made);
    return made;
  }

  /** Declares volumes of this engine that no workload has, so that their data stays; returns their names. */
  keep(earlier: ReadonlyMap<string, string>, isKept: (name: string) => boolean): string[] {
    const { prefix, suffix } = this.args;
    const names = [...earlier].flatMap(([resource, full]) => {
      const name = full.slice(prefix.length + 1);
      return resource === name + suffix && !this.volumes.has(name) && isKept(name) ? [name] : [];
    });
    for (const name of names) this.volume(name, "protected");
    return names.map((name) => `${prefix}-${name}`);
  }

  private claim(kind: Claim["kind"], name: string): void {
    const { claim, machine } = this.args;
    claim({ kind, name, machine });
  }
}
