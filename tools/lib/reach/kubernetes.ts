import { spawn } from "node:child_process";
import { createConnection } from "node:net";
import { contextFlags } from "../../../platforms/kubernetes/ownership.ts";
import { readDeployed } from "../../../settings/read/read.ts";
import type { KubernetesSettings } from "../../../settings/schema/kubernetes.ts";
import { show } from "../commandLine/terminal.ts";
import { waitFor } from "../process.ts";
import type { Stack } from "../stack.ts";
import { askedCluster } from "./asked.ts";
import type { Opened } from "./opened.ts";
import { portInUse } from "./tunnel.ts";

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.end());
  });
}

type Named = Pick<Stack, "prefix">;
interface Cluster {
  readonly kubernetes?: Partial<Pick<KubernetesSettings, "context" | "namespace">> | undefined;
}

function namespaceOf({ prefix }: Named, { kubernetes }: Cluster): string {
  return kubernetes?.namespace ?? prefix;
}

/** Returns the kubectl flags that select the namespace of a stack. */
export function namespaceFlags(stack: Named, settings: Cluster): string[] {
  return [...contextFlags(settings.kubernetes), "--namespace", namespaceOf(stack, settings)];
}

/**
 * Forwards loopback ports to services of a stack in a cluster.
 * @returns a function that ends the forwarding
 * @throws Error when kubectl is missing or the cluster does not answer
 */
export async function forward(stack: Stack, forwards: readonly Opened[]): Promise<() => void> {
  const settings = readDeployed(stack.file);
  const flags = namespaceFlags(stack, settings);
  const services = forwards.map(({ service }) => service);
  await askedCluster(flags, ["get", "service", ...services]).catch((error) => {
    if (!/not found/i.test(error.message)) throw error;
    throw new Error(
      `Namespace ${namespaceOf(stack, settings)} lacks ${services.join(" or ")}; expected the services of stack ${stack.name}.`,
    );
  });
  let ended = false;
  const children = new Set<ReturnType<typeof spawn>>();
  const end = () => {
    ended = true;
    process.off("exit", end);
    for (const child of children) child.kill();
  };
  const keep = (opened: Opened) => {
    const { service, port, local } = opened;
    const args = [...flags, "port-forward", `service/${service}`, `${local}:${port}`];
    const child = spawn("kubectl", args, { stdio: ["ignore", "ignore", "pipe"] });
    show(child.stderr, process.stderr);
    children.add(child);
    child.on("close", () => {
      children.delete(child);
      // Forwarding ends with its pod; the service has a new pod now, or will soon have one.
      if (!ended) setTimeout(() => !ended && keep(opened), 1000);
    });
  };
  for (const { local, service } of forwards) {
    if (await answers(local)) throw portInUse(service, local);
  }
  // Also where an error ends this process.
  process.on("exit", end);
  forwards.forEach(keep);
  try {
    for (const { local, service } of forwards) {
      await waitFor(`${service} at port ${local}`, 60, async () =>
        (await answers(local)) ? true : undefined,
      );
    }
  } catch (error) {
    end();
    throw error;
  }
  return end;
}
