import { after } from "node:test";
import { survives } from "../lib/faults.ts";
import { TestStack } from "../lib/harness.ts";
import { kubectl, onKubernetes } from "../targets/kubernetes.ts";

const stack = new TestStack("livetest-faults", 18210, onKubernetes);
const kinds = [
  "configmap",
  "deployment",
  "job",
  "networkpolicy",
  "persistentvolumeclaim",
  "poddisruptionbudget",
  "secret",
  "service",
  "serviceaccount",
  "statefulset",
];

/** Names of objects that every namespace has from the start. */
const given = ["kube-root-ca.crt", "default"];

after(() => stack.discard());

interface State {
  readonly deployment: { readonly resources: readonly { readonly type: string; readonly id?: string }[] };
}

async function unknown(): Promise<string[]> {
  const { deployment }: State = JSON.parse(await stack.stack.pulumi(["stack", "export"]));
  const known = deployment.resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, id = "" }) => `${type.split(":")[2]?.toLowerCase()}/${id.split("/").at(-1)}`);
  const listed = await kubectl("get", kinds.join(), "--namespace", stack.prefix, "--output", "name");
  const there = listed
    .trim()
    .split("\n")
    .map((name) => name.replace(/\.[^/]*\//, "/"));
  return there.filter((name) => !known.includes(name) && !given.includes(name.split("/")[1] ?? ""));
}

survives(stack, unknown);
