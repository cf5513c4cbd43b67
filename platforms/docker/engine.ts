import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Values } from "../../workload.ts";
import { bySource } from "../largeFiles.ts";
import { clientCommand, type DockerMachine } from "../machines.ts";
import type { Claim } from "../ownership/claims.ts";
import { labelList, type Placement } from "./container.ts";

export interface EngineArgs {
  /** Name of the platform's resources. */
  readonly name: string;
  /** In front of the name of everything that is on the engine. */
  readonly prefix: string;
  /** None: the engine that the Docker client finds by itself. */
  readonly machine?: DockerMachine;
  /** After the name of resources that every machine has; empty on the first one. */
  readonly suffix: string;
  /** Of everything that is made here. */
  readonly labels: Values;
  /** Takes note of every name that is going to be used here. */
  readonly claim: (claim: Claim) => void;
  readonly parent: pulumi.Resource;
}

/** Seconds after which a machine that does not answer over ssh is given up. */
const patience = ["ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3"];

function providerArgs({ docker: host, certificates }: DockerMachine): docker.ProviderArgs {
  return {
    host,
    ...(host.startsWith("ssh:") && { sshOpts: patience.flatMap((option) => ["-o", option]) }),
    ...(certificates !== undefined && { certPath: certificates }),
  };
}

/** What becomes of a volume that is no longer asked for. */
const fates = {
  /** Nothing else has what is in it: it cannot be removed by mistake. */
  protected: { protect: true },
  /** It stays on its machine, which may come back. */
  left: { retainOnDelete: true },
  /** It can be filled again. */
  removed: {},
};
export type Fate = keyof typeof fates;

/** The end of a log, in lines of their own. */
function ended(log: string | undefined): string {
  const lines = (log ?? "").trimEnd().split("\n").slice(-20);
  return lines.map((line) => `\n  ${line}`).join("");
}

/** What a stack has on one Docker engine. */
export class Engine {
  readonly args: EngineArgs;
  readonly placement: Placement;
  /** Leads to what runs on other machines, if there are any. */
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
      // An empty list, since an engine answers with one.
      { name: prefix, labels: labelList(labels) },
      // Other labels would take all that runs in it down.
      { parent, provider: this.provider, deleteBeforeReplace: true, ignoreChanges: ["labels"] },
    );
    this.placement = { prefix, network: network.name, labels };
  }

  /** @param turn is waited for, if there is one */
  container(
    name: string,
    args: docker.ContainerArgs,
    opts: pulumi.CustomResourceOptions,
    turn?: Promise<void>,
  ): docker.Container {
    // A name that waits for other containers is that of its service, which has one instance.
    this.claim("container", typeof args.name === "string" ? args.name : `${this.args.prefix}-${name}`);
    return new docker.Container(name, bySource(args), {
      // The wait is for something that it needs anyway.
      ...(turn ? pulumi.mergeOptions(opts, { dependsOn: [turn.then(() => this.provider)] }) : opts),
      provider: this.provider,
      deleteBeforeReplace: true,
      // The engine cannot change either of a container; the provider would only note the new one.
      replaceOnChanges: ["healthcheck", "init"],
    });
  }

  /** Runs a container to its end; depending on the result means depending on its success. */
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
    const { exitCode, name: log, urn, containerLogs } = container;
    return pulumi.all([exitCode, log, urn, containerLogs]).apply(([code, log, urn, said]) => {
      if (code === 0) return container;
      throw new pulumi.RunError(
        `${name} ended so:${ended(said)}\n` +
          `${name} failed with exit code ${code}, and nothing that needs it was started. ` +
          `Its log says why: ${client} logs ${log}\n` +
          `Then run it again: npm run pulumi -- up --yes --replace '${urn}'`,
      );
    });
  }

  /** Storage here. */
  volume(name: pulumi.Input<string>, fate: Fate): pulumi.Output<string> {
    if (typeof name !== "string") throw new Error("A volume of another platform cannot be mounted.");
    const { prefix, suffix, labels, parent } = this.args;
    const known = this.volumes.get(name);
    if (known) return known;
    this.claim("volume", `${prefix}-${name}`);
    // Other labels would make another volume, without the data.
    const opts = { parent, provider: this.provider, ignoreChanges: ["labels"], ...fates[fate] };
    const own = Object.keys(labels).length > 0 && { labels: labelList(labels) };
    const made = new docker.Volume(name + suffix, { name: `${prefix}-${name}`, ...own }, opts).name;
    this.volumes.set(name, made);
    return made;
  }

  private claim(kind: Claim["kind"], name: string): void {
    const { claim, machine } = this.args;
    claim({ kind, name, machine });
  }
}
