import { waitFor } from "../../../tools/lib/process.ts";
import type { TestStack } from "../../live/lib/harness.ts";
import { kubectl, lab, onKubernetes, pods } from "../../live/targets/kubernetes.ts";
import { boots } from "../nemesis/boots.ts";
import { freezerOf } from "../nemesis/freezer.ts";
import { addressesBy, type Levers } from "../nemesis/levers.ts";
import { mainOf, processesOf } from "../nemesis/processes.ts";
import { layoutOf } from "../plan/schedule.ts";
import type { StackArgs } from "./stack.ts";

/** Node that faults may take away; the control roles run on the other one, where their data is. */
const node = "node2";

function levers(stack: TestStack): Levers {
  const namespace = stack.prefix;
  const pod = async (instance: string) => {
    const found = (await pods(namespace)).get(instance);
    if (!found) throw new Error(`namespace ${namespace} has no pod of ${instance}`);
    return found;
  };
  // A pod that is starting has no container yet.
  const start = async (instance: string) => {
    const id = (await pod(instance)).status.containerStatuses?.[0]?.containerID;
    if (id === undefined) throw new Error(`the pod of ${instance} has no container yet`);
    return id;
  };
  // A deployment may still be replacing the pod.
  const container = async (instance: string) => {
    const id = await waitFor(`a container of ${instance}`, 60, () => start(instance).catch(() => undefined));
    return id.replace(/^.*:\/\//, "");
  };
  const freezer = async (instance: string) => {
    const main = mainOf(await container(instance));
    if (main === undefined) throw new Error(`${instance} has no main process; expected a running container`);
    return freezerOf(main);
  };
  const exec: Levers["exec"] = (instance, ...command) => stack.exec(instance, ...command);
  const scale = (instance: string, replicas: number) =>
    kubectl("scale", "statefulset", instance, "--namespace", namespace, "--replicas", String(replicas));
  const away = async (instance: string) =>
    (await pods(namespace)).has(instance) ? undefined : `no pod of ${instance}`;
  return {
    container,
    start,
    host: async (instance) => (await pod(instance)).metadata.name,
    addresses: addressesBy(exec),
    pause: async (instance) => (await freezer(instance)).freeze(),
    paused: async (instance) => (await freezer(instance)).state(),
    unpause: async (instance) => (await freezer(instance)).thaw(),
    restart: (instance) => stack.target.restart(namespace, instance),
    take: async (instance) => {
      await scale(instance, 0);
      await waitFor(`${instance} to be away`, 60, () => away(instance));
    },
    away,
    give: async (instance) => void (await scale(instance, 1)),
    exec,
    disk: async () => undefined,
    hostsOn: async () => ["worker-b-1", "worker-b-2"],
    cutPower: async () => {
      const { stopNode, startNode } = await lab();
      const there = [...(await pods(namespace)).values()].filter(({ spec }) => spec.nodeName === node);
      const ids = there.map(({ metadata }) => metadata.uid);
      await stopNode(node);
      const gone = async () => ids.flatMap(processesOf).length === 0 || undefined;
      const isGone =
        ids.length > 0 && (await waitFor(`processes of ${node} to be gone`, 20, gone).catch(() => false));
      const seen = isGone ? `no process of ${ids.length} pods of ${node} is left` : "";
      return async () => {
        await boots(node, () => startNode(node));
        return seen;
      };
    },
  };
}

/** Arguments of the drill's stack in the lab's cluster, with workers on both nodes. */
export const kubernetesStack: StackArgs = {
  name: "drill-cluster",
  port: 18720,
  target: onKubernetes,
  layout: layoutOf(["worker-b-1", "worker-a-1"], [node]),
  configure: (workers) => ({
    machines: [
      { name: "a", node: "node1", workers: Math.floor(workers / 2) },
      { name: "b", node, workers: Math.ceil(workers / 2) },
    ],
    kubernetes: { controlLabels: { "kubernetes.io/hostname": "node1" } },
  }),
  levers,
};
