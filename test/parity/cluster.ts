import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubectl } from "../live/targets/kubernetes.ts";
import type { PodSpec } from "./pod.ts";
import type { Exec } from "./reach.ts";

/** Fields of a pod that tests read. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
  readonly status: { readonly podIP: string };
}

export type Plain = Readonly<Record<string, unknown>>;

/** Namespace of a cluster. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl("--namespace", this.name, ...args);
  }

  async list<T>(kind: string, ...flags: string[]): Promise<readonly T[]> {
    return JSON.parse(await this.kubectl("get", kind, "--output", "json", ...flags)).items;
  }

  async get<T>(kind: string, name: string): Promise<T> {
    return JSON.parse(await this.kubectl("get", kind, name, "--output", "json"));
  }

  /** Running pods by workload. */
  async pods(): Promise<Map<string, Pod>> {
    const pods = await this.list<Pod>("pods", "--field-selector", "status.phase=Running");
    return new Map(
      pods.map((pod) => [pod.metadata.labels?.["app.kubernetes.io/name"] ?? pod.metadata.name, pod]),
    );
  }

  exec(pod: string): Exec {
    return (...command) => this.kubectl("exec", pod, "--", ...command);
  }

  /** Writes objects to a folder and applies them. */
  async apply(folder: string, objects: readonly Plain[], ...flags: string[]): Promise<string> {
    const file = join(folder, `${this.name}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    return this.kubectl("apply", "--filename", file, ...flags);
  }
}

/** Pod that only waits, as restricted as a stack's own. */
export function idlePod(
  name: string,
  image: string,
  labels: Readonly<Record<string, string>> = {},
  privileged = false,
) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 999, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "idle",
          image,
          command: ["sleep", "infinity"],
          securityContext: privileged
            ? { privileged }
            : { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
