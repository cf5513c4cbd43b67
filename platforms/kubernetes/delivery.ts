import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { largeFile } from "../../settings/model/sizes.ts";
import type { Job, Labels } from "../../workload.ts";
import { contentHash } from "../contentHash.ts";
import { unowned } from "./namespace.ts";
import { fileKey, type PodArgs, selector } from "./pod.ts";

type Delivered = Pick<PodArgs, "files" | "largeFiles" | "secrets">;

/** Returns the generated name of an object, which is no secret even if the contents are. */
function generatedName({ metadata }: k8s.core.v1.ConfigMap | k8s.core.v1.Secret): pulumi.Output<string> {
  return pulumi.unsecret(metadata.name);
}

/** True for files that the state should not contain once for each role, since each step writes the whole state. */
function isLarge(text: pulumi.Input<string>): text is string {
  return typeof text === "string" && text.length > largeFile;
}

/** Delivers files and secrets under names that Pulumi generates, so that a change rolls the pods that use them. */
export class Delivery {
  private readonly namespace: pulumi.Input<string>;
  private readonly labels: Labels;
  private readonly options: pulumi.CustomResourceOptions;
  /** ConfigMaps of large files, by path and content. */
  private readonly largeFiles = new Map<string, pulumi.Output<string>>();

  /** @param options of ConfigMaps that workloads share */
  constructor(namespace: pulumi.Input<string>, labels: Labels, options: pulumi.CustomResourceOptions) {
    this.namespace = namespace;
    this.labels = labels;
    this.options = options;
  }

  deliver(name: string, job: Job, opts: pulumi.CustomResourceOptions): Delivered {
    const metadata = { namespace: this.namespace, labels: { ...this.labels, ...selector(name) } };
    const all = Object.entries(job.files ?? {});
    const small = all
      .filter(([, text]) => !isLarge(text))
      .map(([path, text]) => [fileKey(path), text] as const);
    const large = all.flatMap(([path, text]) => (isLarge(text) ? [[path, this.largeFile(path, text)]] : []));
    const secrets = Object.entries(job.secrets ?? {});
    const { ConfigMap, Secret } = k8s.core.v1;
    return {
      ...(small.length > 0 && {
        files: generatedName(new ConfigMap(name, { metadata, data: Object.fromEntries(small) }, opts)),
      }),
      ...(large.length > 0 && { largeFiles: Object.fromEntries(large) }),
      ...(secrets.length > 0 && {
        secrets: generatedName(
          new Secret(name, { metadata, stringData: pulumi.secret(Object.fromEntries(secrets)) }, opts),
        ),
      }),
    };
  }

  /** Makes a ConfigMap with one file, shared by all workloads that have the file. */
  private largeFile(path: string, content: string): pulumi.Output<string> {
    const name = `file-${contentHash(path + content).slice(0, 10)}`;
    const known = this.largeFiles.get(name);
    if (known) return known;
    const made = new k8s.core.v1.ConfigMap(
      name,
      {
        metadata: { namespace: this.namespace, ...unowned(this.labels) },
        data: { [fileKey(path)]: content },
      },
      this.options,
    ).metadata.name;
    this.largeFiles.set(name, made);
    return made;
  }
}
