import { addressAndPort, annotations, clusterLabel, list, object, whole } from "../values.ts";

const value = whole(-1_000_000_000, 1_000_000_000);

/** Values of the two PriorityClasses of a stack's pods, within Kubernetes' bounds for users' classes. */
export const priority = object({
  control: value.default(0).describe("Priority of everything but workers; pods without a class have 0."),
  tasks: value.default(-1000).describe("Priority of workers, which never evict other pods."),
}).refine(({ control, tasks }) => tasks <= control, { error: "expected tasks to be at most control" });

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
    "Existing namespace, other than the stack's, for pods that tasks start: starting pods in a namespace gives access to all its Secrets.",
  ),
  apiServer: list(addressAndPort, "addresses with their ports")
    .min(1, { error: "expected at least one address" })
    .describe(
      "Addresses of the API server with their ports, `[10.0.0.4:6443]`, as `kubectl get endpointslices --namespace default` prints them; where an upgrade replaces them, as on EKS, the range of its subnets: `[10.0.16.0/20:443]`.",
    ),
});
