import type { z } from "zod";
import { addressAndPort, annotations, clusterLabel, list, object, whole } from "../values.ts";

const value = whole(-1_000_000_000, 1_000_000_000);

/** Priority classes of a stack's pods. */
export const priority = object({
  control: value
    .default(0)
    .describe("Priority of everything but workers; 0 is what pods have that name no class."),
  tasks: value.default(-1000).describe("Priority of workers, which never push other pods out."),
}).refine(({ control, tasks }) => tasks <= control, { error: "expected a tasks that is not above control" });

export const serviceAccount = object({
  annotations: annotations
    .default({})
    .describe(
      "Annotations of the ServiceAccount of the stack's pods, for an identity in the cloud: `{ eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/airflow }`.",
    ),
});

/** Rights for tasks that start pods. */
export const podOperator = object({
  namespace: clusterLabel.describe(
    "Namespace of the pods that tasks start, which is there already and is not the stack's: starting pods in a namespace gives access to all its Secrets.",
  ),
  apiServer: list(addressAndPort, "addresses with their ports")
    .min(1, { error: "expected at least one address" })
    .describe(
      "Addresses of the API server, as `kubectl get endpoints kubernetes` prints them: `[10.0.0.4:6443]`.",
    ),
});

export type PrioritySettings = z.output<typeof priority>;
export type PodOperatorSettings = z.output<typeof podOperator>;
