import { basename } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { earliestEnd } from "../../settings/model/certificates.ts";
import { isMounted } from "../../settings/model/names/dagFiles.ts";
import { ownVolumes } from "../../settings/model/names/ownNames.ts";
import {
  type Endpoint,
  type ImageArgs,
  isInside,
  type Job,
  type Labels,
  type Platform,
  type PublishArgs,
  type Service,
  type Sharing,
  type Volume,
} from "../../workload.ts";
import { dagsImage } from "../dagsImage.ts";
import { type DockerMachine, homeOf, suffixOf } from "../machines.ts";
import type { Claim, FindClaims } from "../ownership/claims.ts";
import { ownerLabels } from "../ownership/installation.ts";
import { jobOnEngine, serviceOnEngine } from "../timeLimits.ts";
import { Rota } from "../turns.ts";
import { Authority } from "./authority.ts";
import { jobContainer, type Mounted, serviceContainers } from "./container.ts";
import { deliveryContainer } from "./delivery.ts";
import { Engine } from "./engine.ts";
import type { Edge } from "./gateway.ts";
import { type GatewayArgs, gatewayContainer } from "./gatewayContainer.ts";
import { httpsProxy } from "./httpsProxy.ts";

/** Machines of a stack, and the gateways between them. */
export interface Fleet {
  /** The first machine runs the roles that no other machine lists. Without machines: the Docker client's default engine. */
  readonly machines: readonly DockerMachine[];
  readonly gateway: GatewayArgs;
  /** A higher number replaces the authority whose certificates the machines trust. */
  readonly certificateGeneration: number;
  /** Labels of every resource of the stack. */
  readonly labels?: Labels;
  /** Checks that the stack's names are free or its own; absent, no resource carries an installation's id. */
  readonly look?: FindClaims | undefined;
}

/** A connection that a workload opens. */
interface Reach {
  readonly from: string;
  readonly endpoint: Endpoint;
}

type Needs = pulumi.Input<pulumi.Resource>[];

/**
 * Makes a service's first instance the same resource whether it has a number or not. It is replaced then, the old container first:
 * otherwise that would hold its port until the end of the deployment, which the new one could not reach.
 */
function renamed(name: string, instance: string): pulumi.CustomResourceOptions {
  return { aliases: [{ name: instance === name ? `${name}-1` : name }] };
}

/** Volumes that one container has at a time. */
const exclusive: readonly string[] = ownVolumes.filter((name) => name !== "dags" && name !== "logs");

/** Docker engines: the one of this machine, or those of several machines. */
export class DockerPlatform extends pulumi.ComponentResource implements Platform {
  readonly domains = [];
  readonly namesInstances: boolean;
  readonly gatewaysEnd?: pulumi.Output<Date | undefined>;
  private readonly engines: ReadonlyMap<string, Engine>;
  private readonly fleet: Fleet;
  /** Machine of each workload, by the workload's name. */
  private readonly homes = new Map<string, string>();
  private readonly reaches: Reach[] = [];
  private readonly deliveries = new Map<Engine, pulumi.Input<pulumi.Resource>>();
  /** Volumes whose owner has been set, by machine and name. */
  private readonly owned = new Map<string, pulumi.Input<pulumi.Resource>>();
  private readonly rota = new Rota();
  private complete = false;

  constructor(name: string, prefix: string, fleet: Fleet, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:DockerPlatform", name, {}, opts);
    this.fleet = fleet;
    const { machines, look } = fleet;
    const claims: Claim[] = [];
    const labels = { ...fleet.labels, ...ownerLabels(look, claims, this) };
    const shared = { name, prefix, labels, parent: this, claim: (claim: Claim) => void claims.push(claim) };
    const engines = machines.map((machine): [string, Engine] => [
      machine.name,
      new Engine({ ...shared, machine, suffix: suffixOf(machine, machines) }),
    ]);
    const local = (): [string, Engine] => ["", new Engine({ ...shared, suffix: "" })];
    this.engines = new Map(engines.length > 0 ? engines : [local()]);
    this.namesInstances = machines.length < 2;
    if (machines.length > 1) this.gatewaysEnd = this.connect();
    this.registerOutputs();
  }

  volume(name: string, sharing: Sharing): Volume {
    return { kind: "data", name, sharing };
  }

  keep(earlier: ReadonlyMap<string, string>): readonly string[] {
    const kept = (engine: Engine) =>
      // DAGs can be delivered again; a shared volume of a further machine stays there by itself.
      engine.keep(
        earlier,
        (name) => name !== "dags" && (engine.args.suffix === "" || exclusive.includes(name)),
      );
    return [...this.engines.values()].flatMap(kept);
  }

  service(name: string, service: Service, opts: pulumi.CustomResourceOptions): void {
    const [engine, needs] = this.place(name, service, service.machine);
    const placed = { ...service, volumes: this.mounted(engine, service, needs) };
    const options = pulumi.mergeOptions(opts, { dependsOn: needs, customTimeouts: serviceOnEngine(service) });
    const declared = Object.entries(serviceContainers(name, placed, engine.placement));
    for (const [index, [instance, args]] of declared.entries()) {
      const all = index === 0 && args.ports ? pulumi.mergeOptions(options, renamed(name, instance)) : options;
      const declare = (turn?: Promise<void>) => engine.container(instance, args, all, turn);
      this.rota.take(service.turns, [instance], declare);
    }
  }

  job(name: string, job: Job, opts: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource> {
    const [engine, needs] = this.place(name, job);
    const placed = { ...job, volumes: this.mounted(engine, job, needs) };
    const options = pulumi.mergeOptions(opts, { dependsOn: needs, customTimeouts: jobOnEngine(job) });
    return engine.run(name, jobContainer(name, placed, engine.placement), options);
  }

  image(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): pulumi.Input<string> {
    return dagsImage(name, args, opts);
  }

  /** Always throws; the configuration rejects such a secret first, with file and line. */
  secret(name: string, key: string): pulumi.Output<string> {
    throw new Error(`${key} of the Secret ${name} is in no cluster; expected a value or a file.`);
  }

  publish(name: string, args: PublishArgs, opts: pulumi.CustomResourceOptions): void {
    const reaches = args.publications.map(({ endpoint }) => endpoint);
    const [engine, needs] = this.place(name, { reaches }, this.homes.get(reaches[0]?.host ?? ""));
    const container = httpsProxy(name, this.fleet.gateway.image, args, engine.placement);
    engine.container(name, container, pulumi.mergeOptions(opts, { dependsOn: needs }));
  }

  endpoint(name: string, port: number): Endpoint {
    return { host: name, port };
  }

  url(_name: string, loopbackPort: number): string {
    return `http://127.0.0.1:${loopbackPort}`;
  }

  /** Finds a workload's engine and its dependencies, and records its connections. */
  private place(name: string, { reaches }: Pick<Job, "reaches">, machine?: string): [Engine, Needs] {
    if (this.complete) throw new Error(`${name} is declared too late; expected it before the gateways.`);
    const home = machine ?? homeOf(name, this.fleet.machines)?.name ?? "";
    const engine = this.engines.get(home);
    if (!engine) throw new Error(`${name} has machine ${home}; expected one that the stack lists.`);
    this.homes.set(name, home);
    // An engine blocks no connections to the outside.
    const inside = reaches.filter(isInside);
    this.reaches.push(...inside.map((endpoint) => ({ from: home, endpoint })));
    return [engine, engine.gateway && inside.length > 0 ? [engine.gateway] : []];
  }

  /** Resolves volumes to those of an engine, and adds the jobs that fill them to `needs`. */
  private mounted(engine: Engine, job: Job, needs: Needs): Readonly<Record<string, Mounted>> {
    const mounts = Object.entries(job.volumes ?? {}).map(([target, volume]): [string, Mounted] => {
      if (volume.kind === "data") {
        if (volume.like !== undefined) needs.push(this.withOwner(engine, volume.name, volume.like, job));
        const fate = engine.args.suffix !== "" && volume.sharing === "shared" ? "left" : "protected";
        return [target, { ...volume, name: engine.volume(volume.name, fate) }];
      }
      if (volume.kind === "host" || this.isHere) return [target, volume];
      needs.push(this.delivered(engine, target, volume.path, job));
      return [target, { kind: "delivered", name: engine.volume(basename(target), "removed") }];
    });
    return Object.fromEntries(mounts);
  }

  /** True if all workloads run on the deploying machine, whose directories can be mounted. */
  private get isHere(): boolean {
    return isMounted(this.fleet.machines);
  }

  /** Copies a directory to an engine, once. */
  private delivered(engine: Engine, target: string, folder: string, reader: Job) {
    const known = this.deliveries.get(engine);
    if (known) return known;
    const name = basename(target);
    const args = { folder, target, volume: engine.volume(name, "removed"), reader };
    const made = engine.run(name + engine.args.suffix, deliveryContainer(name, args, engine.placement), {
      parent: this,
    });
    this.deliveries.set(engine, made);
    return made;
  }

  /** Gives a volume the owner and mode of an image's directory, which an empty volume takes over at its first mount. */
  private withOwner(engine: Engine, volume: pulumi.Input<string>, like: string, { image, user }: Job) {
    const name = `volume-${volume}`;
    const at = `${name}${engine.args.suffix}`;
    const known = this.owned.get(at);
    if (known) return known;
    const job: Job = {
      image,
      user,
      command: ["true"],
      limits: { memory: 64, cpu: 1 },
      reaches: [],
      stop: { signal: "SIGTERM", graceSeconds: 10 },
    };
    const volumes = this.mounted(
      engine,
      { ...job, volumes: { [like]: { kind: "data", name: volume, sharing: "shared" } } },
      [],
    );
    const made = engine.run(at, jobContainer(name, { ...job, volumes }, engine.placement), { parent: this });
    this.owned.set(at, made);
    return made;
  }

  /** Declares a gateway on each machine; returns the earliest end of their certificates. */
  private connect(): pulumi.Output<Date | undefined> {
    const { machines, gateway, certificateGeneration } = this.fleet;
    const names = machines.map(({ name }) => name);
    const authority = new Authority(
      "authority",
      { machines: names, generation: certificateGeneration },
      { parent: this },
    );
    // All workloads are declared synchronously; after that the edges between machines are known.
    const edges = new Promise(setImmediate).then(() => this.edges());
    for (const machine of machines) {
      const engine = this.engines.get(machine.name);
      if (!engine) continue;
      const args = gatewayContainer(machine, machines, gateway, edges, authority, engine.placement);
      engine.gateway = engine.container(`gateway${engine.args.suffix}`, args, { parent: this });
    }
    return pulumi.unsecret(authority.machines.apply((all) => earliestEnd(Object.values(all).join("\n"))));
  }

  private edges(): readonly Edge[] {
    this.complete = true;
    const crossing = this.reaches.flatMap(({ from, endpoint: { host, port } }): [string, Edge][] => {
      const to = this.homes.get(host);
      if (to === undefined) throw new Error(`A workload reaches ${host}; expected a workload of the stack.`);
      return from === to ? [] : [[`${from} ${host}:${port}`, { service: host, port, from, to }]];
    });
    return [...new Map(crossing).values()];
  }
}
