import { ensureImages } from "../../../tools/images.ts";
import type { Subject } from "../results/results.ts";
import { ComposeDeployment } from "./compose.ts";
import type { Deployment } from "./deployment.ts";
import { dockerStack } from "./docker.ts";
import { kubernetesStack } from "./kubernetes.ts";
import { machinesStack } from "./machines.ts";
import { StackDeployment } from "./stack.ts";

/** Functions that prepare the deployment of each subject. */
export const deployments: Readonly<Record<Subject, () => Promise<Deployment>>> = {
  docker: () => ensureImages().then(() => new StackDeployment(dockerStack)),
  kubernetes: async () => new StackDeployment(kubernetesStack),
  machines: async () => new StackDeployment(machinesStack),
  compose: () => ensureImages().then(() => ComposeDeployment.prepare()),
};
