import { waitFor } from "../../../tools/lib/process.ts";
import { kubectl } from "../../lab/lab.ts";
import { isReady, type Pod } from "../../live/targets/kubernetes.ts";
import type { Containers } from "../containers.ts";

async function running(namespace: string, selector: string): Promise<Pod[]> {
  const of = ["--namespace", namespace, ...(selector === "" ? [] : ["--selector", selector])];
  const { items }: { items: Pod[] } = JSON.parse(await kubectl("get", "pods", ...of, "--output", "json"));
  return items.filter(({ metadata, status }) => status.phase === "Running" && !metadata.deletionTimestamp);
}

/** Returns the pods of a namespace; each of theirs has one container. */
export function podsOf(namespace: string): Containers {
  return {
    names: async () => (await running(namespace, "")).map(({ metadata }) => metadata.name).sort(),
    run: (pod, script) => kubectl("exec", "--namespace", namespace, pod, "--", "sh", "-c", script),
  };
}

/** Waits for a pod that is ready; returns its name. */
export function readyPod(namespace: string, selector: string): Promise<string> {
  const find = async () => (await running(namespace, selector)).find(isReady)?.metadata.name;
  return waitFor(`a ready pod with ${selector}`, 600, find, 0.2);
}
