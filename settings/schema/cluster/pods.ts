import { z } from "zod";
import { annotations, list, matching, name, object } from "../values.ts";

const fields = z.record(z.string(), z.unknown(), { error: "expected an object, as in Kubernetes" });

const noDots = "expected an absolute path without ..";
const mountPath = matching(/^\//, noDots).refine((path) => !/\/\.\.?(\/|$)/.test(path), { error: noDots });

function namedObjects(of: string) {
  return list(z.looseObject({ name: name.describe("Name.") }, { error: "expected objects with a name" }), of);
}

/** Fields of Kubernetes' API that a stack adds to the pods of a role. */
export const podExtras = object({
  annotations: annotations.optional().describe("Annotations of the pods."),
  affinity: object({
    nodeAffinity: fields.optional().describe("As in Kubernetes."),
    podAffinity: fields.optional().describe("As in Kubernetes."),
    podAntiAffinity: fields.optional().describe("As in Kubernetes."),
  })
    .optional()
    .describe("Nodes and pods to run near to, or apart from, as in Kubernetes."),
  initContainers: namedObjects("containers")
    .optional()
    .describe(
      "Containers that run before the role, and with `restartPolicy: Always` beside it, as in Kubernetes.",
    ),
  volumes: namedObjects("volumes").optional().describe("Volumes of the pods, as in Kubernetes."),
  volumeMounts: list(
    z.looseObject(
      { name: name.describe("Name of the volume."), mountPath: mountPath.describe("Path in the container.") },
      {
        error: "expected objects with name and mountPath",
      },
    ),
    "mounts",
  )
    .optional()
    .describe("Mounts of the role's own container, as in Kubernetes."),
});
