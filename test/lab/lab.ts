import { join } from "node:path";
import { localImage } from "../../images/local.ts";
import { ensureImages } from "../../tools/images.ts";
import { run, waitFor } from "../../tools/lib/process.ts";
import { loadImage } from "./images.ts";
import { type Node, nodes, state } from "./settings.ts";

/** Kubernetes cluster of two nodes on this machine, which tests may break. */
export interface Lab {
  /** Path of the cluster administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly nodes: readonly Node[];
  /** Runs the lab's own kubectl; returns its standard output. */
  kubectl(...args: string[]): Promise<string>;
  /** Makes an image of the local Docker engine available on every node; returns its name there, by digest. */
  image(local: string): Promise<string>;
  /** Cuts a node's power, which kills everything on it at once. The cluster notices after 15 s. */
  stopNode(node: Node): Promise<void>;
  /** Boots a node; waits until it is ready and has removed what was deleted while it was away. */
  startNode(node: Node): Promise<void>;
}

const kubeconfig = join(state, "kubeconfig");

export function kubectl(...args: string[]): Promise<string> {
  return run(join(state, "bin/kubectl"), args, { env: { KUBECONFIG: kubeconfig } });
}

async function stopNode(node: Node): Promise<void> {
  await run("test/lab/node.sh", ["stop", node]);
}

/** True once the node itself has reported ready since `begin`; its status may predate a stop. */
async function readySince(node: Node, begin: number): Promise<true | undefined> {
  const lease = ["get", "lease", node, "--namespace", "kube-node-lease", "--output"];
  const renewed = await kubectl(...lease, "jsonpath={.spec.renewTime}");
  if (Date.parse(renewed) < begin) return undefined;
  const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  return (await kubectl("get", "node", node, "--output", ready)) === "True" ? true : undefined;
}

/** True once no deleted pod is left on a node: a pod stays until its node confirms that it is gone. */
async function clearedUp(node: Node): Promise<true | undefined> {
  const selection = ["--all-namespaces", "--field-selector", `spec.nodeName=${node}`];
  const deleted = "jsonpath={.items[*].metadata.deletionTimestamp}";
  return (await kubectl("get", "pods", ...selection, "--output", deleted)) === "" ? true : undefined;
}

async function startNode(node: Node): Promise<void> {
  const begin = Date.now();
  await run("test/lab/node.sh", ["start", node]);
  await waitFor(`${node} to be ready`, 180, () => readySince(node, begin));
  await waitFor(`${node} to clear up`, 180, () => clearedUp(node));
}

/** Brings up the lab where anything is missing, with the project's images on every node. */
export async function ensureLab(): Promise<Lab> {
  await Promise.all([run("test/lab/up.sh", [], { show: true }), ensureImages()]);
  await Promise.all((["airflow", "postgres", "redis"] as const).map((name) => loadImage(localImage(name))));
  return { kubeconfig, nodes, kubectl, image: loadImage, stopNode, startNode };
}
