import { createHash } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Labels } from "../../workload.ts";
import { selector } from "./pod.ts";

/** Metadata of an object of one workload. */
export interface Metadata {
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** Annotations that tell Pulumi how to handle an object. */
const hint = {
  /** Overwrites manual changes, instead of failing with a conflict. */
  force: { "pulumi.com/patchForce": "true" },
  /** Runs a job again that has not succeeded; its name, made from its content, would otherwise stay taken by the failure. */
  untilDone: { "pulumi.com/replaceUnready": "true" },
  unawaited: { "pulumi.com/skipAwait": "true" },
};

/** Names an object, with labels by which its workload is selected. */
export function metadataOf(
  name: string,
  namespace: pulumi.Input<string>,
  labels: Labels,
  hints: readonly (keyof typeof hint)[],
): Metadata {
  const annotations = Object.assign({}, hint.force, ...hints.map((key) => hint[key]));
  return { name, namespace, labels: { ...labels, ...selector(name) }, annotations };
}

/** Names a job by its content: a job cannot be changed, so changed content is a new job. */
export function contentName(
  name: string,
  pod: k8s.types.input.core.v1.PodSpec,
  labels: Labels,
): pulumi.Output<string> {
  const labelText = Object.keys(labels).length > 0 ? JSON.stringify(labels) : "";
  return pulumi.unsecret(
    pulumi.output(pod).apply((plain) => {
      const hash = createHash("sha256")
        .update(JSON.stringify(plain) + labelText)
        .digest("hex");
      return `${name}-${hash.slice(0, 10)}`;
    }),
  );
}
