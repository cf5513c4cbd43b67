import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../../settings/schema/kubernetes.ts";
import type { MachineSettings } from "../../settings/schema/machines.ts";
import {
  type Endpoint,
  type ImageArgs,
  instances,
  isInside,
  type Job,
  type Labels,
  type Nodes,
  type Platform,
  type PublishArgs,
  type Service,
  type Sharing,
  type Values,
  type Volume,
} from "../../workload.ts";
import { dagsImage } from "../dagsImage.ts";
import type { Claim, ClaimedStorage } from "../ownership/claims.ts";
import { ownerLabels } from "../ownership/installation.ts";
import { jobInCluster, secondsOf, serviceInCluster } from "../timeLimits.ts";
import { Rota } from "../turns.ts";
import { claimSpec, storageOf } from "./claim.ts";
import type { ClusterArgs } from "./clusterArgs.ts";
import { Delivery } from "./delivery.ts";
import { expose, serviceSpec } from "./exposure.ts";
import { GivenSecrets } from "./givenSecrets.ts";
import { contentName, metadataOf } from "./metadata.ts";
import { type NamespaceResources, namespaceResources } from "./namespace.ts";
import { needsKeda, scaling } from "./operators/keda.ts";
import { observe } from "./operators/prometheusOperator.ts";
import { ephemeralGiB, jobPod, type PodArgs, selector, servicePod, zones } from "./pod.ts";
import { admission, policy, reachLabels } from "./policies.ts";
import { annotationsOf, disruptions, rolling } from "./rolling.ts";

/** Retries of a failing job. */
const retries = 2;

/** One namespace of a Kubernetes cluster. */
export class KubernetesPlatform extends pulumi.ComponentResource implements Platform {
  readonly domains = [".svc", ".cluster.local"];
  readonly namesInstances = true;
  readonly scratchLimit = ephemeralGiB * 2 ** 30;
  private readonly settings: KubernetesSettings;
  private readonly machines: readonly MachineSettings[];
  private readonly labels: Labels;
  private readonly addresses: NonNullable<ClusterArgs["addresses"]>;
  /** Owner labels of the namespace and the data. */
  private readonly owner: Values;
  private readonly claims: Claim[] = [];
  private readonly provider: k8s.Provider;
  private readonly namespace: string;
  private readonly shared: NamespaceResources;
  private readonly givenSecrets: GivenSecrets;
  private readonly rota = new Rota();
  private readonly delivery: Delivery;

  /** @param stack name of the namespace, unless the settings give one */
  constructor(
    name: string,
    stack: string,
    settings: KubernetesSettings,
    { machines = [], labels = {}, addresses = {}, look }: ClusterArgs = {},
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:KubernetesPlatform", name, {}, opts);
    this.settings = settings;
    this.machines = machines;
    this.labels = labels;
    this.addresses = addresses;
    this.namespace = settings.namespace ?? stack;
    if (settings.createNamespace) this.claims.push({ kind: "namespace", name: this.namespace });
    const owner = ownerLabels(look, this.claims, this);
    this.owner = owner;
    // All objects wait for the look, also in a namespace without the labels.
    this.provider = new k8s.Provider(
      name,
      { ...(settings.context !== undefined && { context: settings.context }) },
      { parent: this, dependsOn: pulumi.output(owner).apply(() => []) },
    );
    this.shared = namespaceResources(name, { stack: this.namespace, settings, labels, owner }, this.child());
    this.givenSecrets = new GivenSecrets(this.namespace, this.child());
    this.delivery = new Delivery(this.shared.namespace, labels, this.child());
    this.registerOutputs();
  }

  volume(name: string, sharing: Sharing): Volume {
    const storage = storageOf(name, sharing, this.settings.storage);
    this.claims.push({ kind: "claim", name, namespace: this.namespace, storage, sharing });
    return { kind: "data", name: this.claim(name, storage).metadata.name, sharing };
  }

  keep(earlier: ReadonlyMap<string, string>): readonly string[] {
    const unused = [...earlier.keys()].filter((one) => !this.claims.some(({ name }) => name === one));
    // Size and class of a claim cannot change.
    for (const name of unused) {
      this.claims.push({ kind: "claim", name, namespace: this.namespace });
      this.claim(name, storageOf(name, "exclusive", this.settings.storage), { ignoreChanges: ["spec"] });
    }
    return unused;
  }

  service(name: string, service: Service, options: pulumi.CustomResourceOptions): void {
    const { stateful, port, autoscale, metrics, replicas = 1 } = service;
    const opts = autoscale ? needsKeda(name, this.child(options)) : options;
    const nodes = this.nodesOf(service);
    const pod = servicePod(name, service, this.podArgs(name, service, nodes, opts));
    const edges = this.connect(name, service, opts);
    const awaited = (turn?: Promise<void>) =>
      pulumi.mergeOptions(this.child(opts), {
        // A stopping pod keeps its network access: a worker may have tasks to finish.
        dependsOn: [turn ? turn.then(() => edges) : edges],
        customTimeouts: serviceInCluster(service),
      });
    const metadata = this.metadata(name, [], service.labels);
    const template = { metadata: this.podMetadata(name, service, this.shared.identity), spec: pod };
    const spec = { ...(!autoscale && { replicas }), selector: { matchLabels: selector(name) }, template };

    if (port !== undefined) {
      new k8s.core.v1.Service(
        name,
        { metadata: this.metadata(name, ["unawaited"]), spec: serviceSpec(name, service, port) },
        this.child(opts),
      );
    }
    if (replicas > 1 || autoscale) {
      new k8s.policy.v1.PodDisruptionBudget(name, { metadata, spec: disruptions(name) }, this.child(opts));
    }
    if (stateful) {
      const args = {
        metadata,
        spec: { ...spec, serviceName: name, ordinals: { start: 1 }, podManagementPolicy: "Parallel" },
      };
      // A StatefulSet replaces its pods one at a time.
      this.rota.take(service.turns, instances(name, service), (turn) => {
        return new k8s.apps.v1.StatefulSet(name, args, awaited(turn));
      });
    } else {
      new k8s.apps.v1.Deployment(name, { metadata, spec: { ...spec, ...rolling(service) } }, awaited());
    }
    if (autoscale) {
      const { target } = autoscale.database;
      const { kedaNamespace } = this.settings;
      if (isInside(target)) this.allow(`${name}-keda`, admission(kedaNamespace, target), opts);
      scaling(name, autoscale, (suffix) => this.metadata(`${name}${suffix}`), this.child(opts));
    }
    if (metrics && port !== undefined && this.settings.prometheusOperator) {
      const { namespace, labels } = this.settings.prometheusOperator;
      this.allow(`${name}-series`, admission(namespace, { host: name, port }), opts);
      const found = { ...this.metadata(name, [], labels), namespace: this.namespace };
      observe(name, metrics, found, this.child(opts));
    }
  }

  job(name: string, job: Job, opts: pulumi.CustomResourceOptions): pulumi.Resource {
    const connected = this.connect(name, job, opts);
    const pod = jobPod(name, job, this.podArgs(name, job, this.nodesFor("control"), opts));
    const metadata = this.metadata(name, ["untilDone"], job.labels);
    return new k8s.batch.v1.Job(
      name,
      {
        metadata: { ...metadata, name: contentName(name, pod, { ...this.labels, ...job.labels }) },
        spec: {
          backoffLimit: retries,
          activeDeadlineSeconds: secondsOf(job),
          template: { metadata: this.podMetadata(name, job), spec: pod },
        },
      },
      pulumi.mergeOptions(this.child(opts), {
        dependsOn: [connected],
        customTimeouts: jobInCluster(job),
      }),
    );
  }

  image(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): pulumi.Input<string> {
    return dagsImage(name, args, opts);
  }

  secret(name: string, key: string): pulumi.Output<string> {
    return this.givenSecrets.value(name, key);
  }

  /** Always throws; the configuration rejects this first, with file and line. */
  publish(name: string, _args: PublishArgs, _opts: pulumi.CustomResourceOptions): void {
    throw new Error(`${name} has an address of a machine; expected kubernetes.ingress in a cluster.`);
  }

  endpoint(name: string, port: number): Endpoint {
    return { host: name, port };
  }

  url(name: string, loopbackPort: number): string {
    const { [name]: address } = this.addresses;
    return address === undefined ? `http://127.0.0.1:${loopbackPort}` : `https://${address}`;
  }

  private nodesOf({ machine, nodes, priority }: Service): Nodes {
    if (machine === undefined) return nodes ?? this.nodesFor(priority);
    const place = this.machines.find(({ name }) => name === machine);
    const labels = place?.node === undefined ? place?.labels : { "kubernetes.io/hostname": place.node };
    if (!labels) throw new Error(`A service has machine ${machine}; expected one that the stack lists.`);
    return { labels: { ...labels, ...nodes?.labels }, tolerations: nodes?.tolerations ?? [] };
  }

  private nodesFor(priority: Service["priority"]): Nodes {
    return { labels: priority === "control" ? this.settings.controlLabels : {}, tolerations: [] };
  }

  private podArgs(
    name: string,
    job: Job & Partial<Service>,
    nodes: Nodes,
    opts: pulumi.CustomResourceOptions,
  ): PodArgs {
    const { serviceAccount, priorityClasses } = this.shared;
    const { nodeLabels, userIds, podOperator, zones: overZones } = this.settings;
    return {
      serviceAccount,
      priorityClass: priorityClasses?.[job.priority ?? "control"],
      nodes: { ...nodes, labels: { ...nodeLabels, ...nodes.labels } },
      anyUser: userIds === "cluster",
      token: podOperator !== undefined && (job.runsTasks ?? false),
      ...(overZones && { spread: zones }),
      ...this.delivery.deliver(name, job, this.child(opts)),
    };
  }

  /** Opens the connections of a workload, and its ingress if it is published; returns the network policy. */
  private connect(
    name: string,
    workload: Job & Partial<Service>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    const { ingress, egress, dns, podOperator } = this.settings;
    const { port } = workload;
    const { [name]: address } = this.addresses;
    const published = ingress && address !== undefined && port !== undefined;
    const people = published ? ingress : undefined;
    const context = { egress, dns, people, apiServer: podOperator?.apiServer };
    const edges = this.allow(name, policy(name, workload, context), opts);
    if (published)
      expose(name, { address, port, ingress }, this.metadata(name, ["unawaited"]), this.child(opts));
    return edges;
  }

  private allow(
    name: string,
    spec: k8s.types.input.networking.v1.NetworkPolicySpec,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    return new k8s.networking.v1.NetworkPolicy(
      name,
      { metadata: this.metadata(name), spec },
      this.child(opts),
    );
  }

  private claim(name: string, storage: ClaimedStorage, more: pulumi.CustomResourceOptions = {}) {
    const spec = claimSpec(storage);
    // Some storage is provisioned only once a pod uses it.
    const metadata = this.metadata(name, ["unawaited"]);
    const labels = { ...metadata.labels, ...this.owner };
    // A class that is given now, and was the cluster's default before, is no change.
    const opts = { ...this.child(), protect: true, ignoreChanges: ["spec.storageClassName"], ...more };
    return new k8s.core.v1.PersistentVolumeClaim(name, { metadata: { ...metadata, labels }, spec }, opts);
  }

  private metadata(name: string, hints: Parameters<typeof metadataOf>[3] = [], labels: Labels = {}) {
    return metadataOf(name, this.shared.namespace, { ...this.labels, ...labels }, hints);
  }

  /**
   * Puts selector and reach labels last, so that no other label overrides them.
   * @param identity further annotations, with which pods are replaced when their service account changes
   */
  private podMetadata(
    name: string,
    job: Job & Partial<Service>,
    identity?: Labels,
  ): k8s.types.input.meta.v1.ObjectMeta {
    const labels = { ...this.labels, ...job.labels, ...selector(name), ...reachLabels(job) };
    const own = annotationsOf(job);
    return { labels, ...((own ?? identity) && { annotations: { ...identity, ...own } }) };
  }

  private child(opts: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
    return { parent: this, ...opts, provider: this.provider };
  }
}
