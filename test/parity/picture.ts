import assert from "node:assert/strict";
import type { Namespace, Pod } from "./cluster.ts";
import type { Outside } from "./outside.ts";
import type { Targets } from "./reach.ts";

/** The ports that roles are reached at. */
const ports: Readonly<Record<string, number>> = {
  redis: 6379,
  postgres: 5432,
  webserver: 8080,
  flower: 5555,
  triggerer: 8794,
  worker: 8793,
  "worker-extra": 8793,
};
/** Roles that have none, and one that has: there, somebody listens at a port of no role. */
const listeners = ["scheduler", "dag-processor", "worker"];
const strangePort = 9999;

/** A port of a role that is none of its own. */
function strange(role: string): string {
  return `${role}, port ${strangePort}`;
}

const logs = ["worker", "worker-extra", "triggerer"];
const worker = ["redis", "postgres", "webserver", "outside, allowed"];
const unrestricted = ["outside, allowed", "outside, excepted", "outside, other", "API server"];

/** The picture of the architecture, and nothing but it. */
export const picture: Readonly<Record<string, readonly string[]>> = {
  scheduler: ["redis", "postgres"],
  webserver: ["postgres", ...logs],
  "dag-processor": ["postgres"],
  triggerer: ["postgres", "outside, allowed"],
  flower: ["redis"],
  worker,
  "worker-extra": worker,
  redis: [],
  postgres: [],
  migration: ["postgres"],
  "a stranger": [],
  // Nothing holds these back where they are, which shows that whatever they do not reach is closed by the stack.
  "another namespace": unrestricted,
  "an imitation of the scheduler": unrestricted,
  "the ingress controller": ["webserver", "flower", ...unrestricted],
};

/** Lets something listen in some roles, for as long as the test takes, at a port that nobody may reach. */
export async function listenStrangely(stack: Namespace, pods: ReadonlyMap<string, Pod>): Promise<void> {
  const program = `import socket, time
s = socket.create_server(("", ${strangePort}))
time.sleep(120)`;
  const background = 'python3 -c "$1" > /dev/null 2>&1 &';
  const listening = listeners.map((role) => {
    const pod = pods.get(role) ?? assert.fail(`there is no ${role}`);
    return stack.exec(pod.metadata.name)("sh", "-c", background, "listen", program);
  });
  await Promise.all(listening);
}

/** What is at the role itself: no policy keeps a pod from that. */
export function own(role: string): readonly string[] {
  return [...(role in ports ? [role] : []), ...(listeners.includes(role) ? [strange(role)] : [])];
}

/** Where each role is, by its pod and by its service, and what else there is to reach. */
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
