import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { localImage } from "../../../images/local.ts";
import { run, waitFor } from "../../../tools/lib/process.ts";
import { ensureLab, type Lab } from "../lab.ts";

// Proves that the lab has the abilities of a cluster that the project's live tests rely on.

let lab: Lab;
let image: string;
const scratch = mkdtempSync(join(tmpdir(), "lab-check-"));

function k(...args: string[]): Promise<string> {
  return lab.kubectl("--namespace", "lab-check", ...args);
}

function manifest(name: string, values: Readonly<Record<string, string>> = {}): string {
  let text = readFileSync(join(import.meta.dirname, `${name}.yaml`), "utf8");
  for (const [key, value] of Object.entries({ IMAGE: image, ...values })) text = text.replaceAll(key, value);
  const file = join(scratch, `${name}.yaml`);
  writeFileSync(file, text);
  return file;
}

/** True if a pod reaches a port. */
async function reaches(pod: string, host: string, port: number, namespace = "lab-check"): Promise<boolean> {
  const shell = ["timeout", "3", "bash", "-c", `exec 3<>/dev/tcp/${host}/${port}`];
  try {
    await lab.kubectl("--namespace", namespace, "exec", pod, "--", ...shell);
    return true;
  } catch {
    return false;
  }
}

/** Waits for network rules, which follow policies within a moment. */
async function settled(): Promise<void> {
  await new Promise((wake) => setTimeout(wake, 1000));
}

async function remove(): Promise<void> {
  await lab.kubectl("delete", "namespace", "lab-check", "lab-check-other", "--ignore-not-found");
}

before(async () => {
  lab = await ensureLab();
  image = await lab.image(localImage("redis"));
  await remove();
  await lab.kubectl("apply", "--filename", manifest("workloads"));
  await k("rollout", "status", "deployment/web", "statefulset/db", "--timeout=60s");
  await k("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s");
});

after(remove);

test("the two replicas are on two nodes", async () => {
  const on = await k("get", "pod", "--selector=app=web", "--output=jsonpath={.items[*].spec.nodeName}");
  assert.deepEqual(on.split(" ").sort(), ["node1", "node2"]);
});

test("logs, exec and port-forward work", async () => {
  assert.match(await k("logs", "deployment/web"), /started/);
  assert.equal((await k("exec", "client", "--", "hostname")).trim(), "client");
  const forward = `coproc forward { exec "$0" --kubeconfig "$1" --namespace lab-check port-forward service/web :80; }
    read -r said <&"\${forward[0]}"
    [[ $said =~ 127.0.0.1:([0-9]+) ]] && curl -fsS -m 3 "http://\${BASH_REMATCH[0]}"
    kill "$forward_PID"`;
  const kubectl = join(lab.kubeconfig, "../bin/kubectl");
  assert.match(await run("bash", ["-c", forward, kubectl, lab.kubeconfig]), /^web-/);
});

test("services answer at their names, and to this machine", async () => {
  assert.ok(await reaches("client", "web", 80));
  assert.ok(await reaches("client", "db-0.db.lab-check.svc.cluster.local", 8080));
  const addresses = "jsonpath={.spec.clusterIP} {.spec.ports[0].nodePort}";
  const [clusterIp, port] = (await k("get", "service", "web", `--output=${addresses}`)).split(" ");
  for (const address of [`10.88.0.11:${port}`, `10.88.0.12:${port}`, clusterIp])
    assert.ok((await fetch(`http://${address}`, { signal: AbortSignal.timeout(3000) })).ok);
});

test("volumes are writable to any user, and shared ones are shared", async () => {
  assert.equal((await k("exec", "db-0", "--", "cat", "/data/starts")).trim(), "db-0");
  assert.equal((await k("exec", "db-0", "--", "cat", "/shared/starts")).trim(), "db-0");
});

test("a disruption budget stops an eviction", async () => {
  const pod = await k("get", "pod", "--selector=app=web", "--output=jsonpath={.items[0].metadata.name}");
  const file = join(scratch, "eviction.json");
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name: pod, namespace: "lab-check" },
    }),
  );
  const evict = `/api/v1/namespaces/lab-check/pods/${pod}/eviction`;
  await assert.rejects(lab.kubectl("create", "--raw", evict, "--filename", file), /disruption budget/);
});

test("policies hold, in and out, and spare probes", async () => {
  assert.ok(await reaches("stranger", "web", 80));
  await lab.kubectl("apply", "--filename", manifest("policies"));
  await settled();
  assert.ok(await reaches("client", "web", 80), "client to web, by name");
  assert.ok(!(await reaches("client", "db", 8080)), "client to db");
  assert.ok(!(await reaches("stranger", "web", 80)), "stranger to web");
});

test("policies distinguish namespaces, blocks and exceptions", async () => {
  assert.ok(await reaches("neighbour", "web.lab-check", 80, "lab-check-other"), "neighbour to web");
  assert.ok(!(await reaches("neighbour", "db.lab-check", 8080, "lab-check-other")), "neighbour to db");
  assert.ok(await reaches("stranger", "10.88.0.1", 6443), "stranger to the API server");
  assert.ok(!(await reaches("stranger", "10.88.0.254", 5055)), "stranger to the exception");
  assert.ok(await reaches("neighbour", "10.88.0.254", 5055, "lab-check-other"), "neighbour to it");
});

test("a policy holds from a pod's first breath, and a new pod becomes ready under it", async () => {
  const web = await k("get", "pod", "--selector=app=web", "--output=jsonpath={.items[0].status.podIP}");
  await lab.kubectl("apply", "--filename", manifest("early", { ADDRESS: web }));
  await k("wait", "--for=jsonpath={.status.phase}=Failed", "pod/early", "--timeout=30s");
  await k("rollout", "restart", "deployment/web");
  await k("rollout", "status", "deployment/web", "--timeout=60s");
  await k("delete", "networkpolicy", "--all");
  await settled();
  assert.ok(await reaches("stranger", "web", 80), "after the policies");
});

test("a restricted namespace refuses a privileged pod", async () => {
  const label = "pod-security.kubernetes.io/enforce=restricted";
  await lab.kubectl("label", "namespace", "lab-check-other", label);
  await assert.rejects(lab.kubectl("apply", "--filename", manifest("privileged")), /violates PodSecurity/);
});

test("a node that loses power loses its pods, and its data goes on elsewhere", async () => {
  const nodeOfPod = () => k("get", "pod", "db-0", "--output=jsonpath={.spec.nodeName}");
  const node = (await nodeOfPod()) === "node1" ? "node1" : "node2";
  const other = node === "node1" ? "node2" : "node1";
  await lab.stopNode(node);
  await waitFor(`${node} to be noticed`, 60, async () => {
    const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
    return (await lab.kubectl("get", "node", node, "--output", ready)) === "Unknown" ? true : undefined;
  });
  // A StatefulSet waits for a node that may still run the pod; the taint says that it does not.
  await lab.kubectl("taint", "node", node, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
  await waitFor("db-0 to be elsewhere", 90, async () =>
    (await nodeOfPod().catch(() => "")) === other ? true : undefined,
  );
  await k("wait", "--for=condition=Ready", "pod/db-0", "--timeout=30s");
  assert.equal(await k("exec", "db-0", "--", "cat", "/data/starts"), "db-0\ndb-0\n");
  await lab.startNode(node);
  await lab.kubectl("taint", "node", node, "node.kubernetes.io/out-of-service-");
  await k("rollout", "status", "deployment/web", "--timeout=60s");
});

test("a volume goes with its claim", async () => {
  const volume = await k("get", "pvc", "data-db-0", "--output=jsonpath={.spec.volumeName}");
  const folder = await lab.kubectl("get", "pv", volume, "--output=jsonpath={.spec.hostPath.path}");
  assert.ok(existsSync(folder));
  await k("delete", "statefulset/db", "pvc/data-db-0");
  await lab.kubectl("wait", "--for=delete", `pv/${volume}`, "--timeout=30s");
  assert.ok(!existsSync(folder));
});
