import type { Subject } from "../results/results.ts";
import type { Deployment } from "./deployment.ts";
import { dockerStack } from "./docker.ts";
import { StackDeployment } from "./stack.ts";

/** How each subject is deployed. */
export const deployments: Partial<Record<Subject, () => Promise<Deployment>>> = {
  docker: async () => new StackDeployment(dockerStack),
};
