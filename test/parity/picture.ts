import assert from "node:assert/strict";
import type { Namespace, Pod } from "./cluster.ts";
import type { Outside } from "./outside.ts";
import type { Targets } from "./reach.ts";

/** Ports at which roles are reached. */
const ports: Readonly<Record<string, number>> = {
  redis: 6379,
  postgres: 5432,
  webserver: 8080,
  flower: 5555,
  exporter: 9464,
  monitoring: 9090,
  triggerer: 8794,
  worker: 8793,
  "worker-extra": 8793,
};
/** Two roles without a port and one with: each gets a listener on a port of no role. */
const listeners = ["scheduler", "dag-processor", "worker"];
const strangePort = 9999;

/** Names the target at a role's port that belongs to no role. */
function strange(role: string): string {
  return `${role}, port ${strangePort}`;
}

const logs = ["worker", "worker-extra", "triggerer"];
const worker = ["redis", "postgres", "webserver", "outside, allowed"];
const unrestricted = ["outside, allowed", "outside, excepted", "outside, other", "API server"];

/** Connections in the architecture's diagram, by source; no others may open. */
export const picture: Readonly<Record<string, readonly string[]>> = {
  scheduler: ["redis", "postgres"],
  webserver: ["postgres", ...logs],
  "dag-processor": ["postgres", "outside, allowed"],
  triggerer: ["postgres", "outside, allowed"],
  flower: ["redis"],
  exporter: ["redis", "postgres"],
  monitoring: ["exporter"],
  worker,
  "worker-extra": worker,
  redis: [],
  postgres: [],
  migration: ["postgres"],
  "a stranger": [],
  // No policy restricts these sources, so all targets missing here are closed by the stack's policies.
  "another namespace": unrestricted,
  "an imitation of the scheduler": unrestricted,
  "the ingress controller": ["webserver", "flower", ...unrestricted],
};

/** Starts listeners in some roles, for the duration of the test, on a port that must be closed. */
export async function listenStrangely(stack: Namespace, pods: ReadonlyMap<string, Pod>): Promise<void> {
  const program = `import socket, time
s = socket.create_server(("", ${strangePort}))
time.sleep(120)`;
  const background = 'python3 -c "$1" > /dev/null 2>&1 &';
  const listening = listeners.map((role) => {
    const pod = pods.get(role) ?? assert.fail(`the stack has no pod of ${role}`);
    return stack.exec(pod.metadata.name)("sh", "-c", background, "listen", program);
  });
  await Promise.all(listening);
}

/** Lists the targets in a role's pod, which no policy can close to itself. */
export function ownTargets(role: string): readonly string[] {
  return [...(role in ports ? [role] : []), ...(listeners.includes(role) ? [strange(role)] : [])];
}

/** Finds the addresses of each role's pod and service, and of all other targets. */
export async function targetsOf(
  stack: Namespace,
  pods: ReadonlyMap<string, Pod>,
  outside: Outside,
): Promise<Targets> {
  const services = await stack.list<{ metadata: { name: string }; spec: { clusterIP: string } }>("services");
  const addressOf = (role: string) => pods.get(role)?.status.podIP ?? assert.fail(`there is no ${role}`);
  const all = new Map<string, string[]>();
  for (const [role, port] of Object.entries(ports)) {
    const service = services.find(({ metadata }) => metadata.name === role)?.spec.clusterIP ?? "None";
    const addresses = [addressOf(role), ...(service === "None" ? [] : [service])];
    all.set(
      role,
      addresses.map((address) => `${address}/${port}`),
    );
  }
  for (const role of listeners) all.set(strange(role), [`${addressOf(role)}/${strangePort}`]);
  for (const [kind, address] of Object.entries(outside.addresses)) {
    all.set(`outside, ${kind}`, [`${address}/${outside.port}`]);
  }
  return all.set("API server", ["10.88.0.1/6443", "10.96.0.1/443"]);
}
