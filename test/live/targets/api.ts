import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, get } from "node:https";
import { json, text } from "node:stream/consumers";
import { parse } from "yaml";

interface Client {
  readonly server: string;
  readonly agent: Agent;
}

/** Clients by the kubeconfig's path. */
const clients = new Map<string, Client>();

/** Makes a client with the first login of a kubeconfig. */
function clientOf(kubeconfig: string): Client {
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8"));
  const decoded = (data: string) => Buffer.from(data, "base64");
  const agent = new Agent({
    keepAlive: true,
    ca: decoded(clusters[0].cluster["certificate-authority-data"]),
    cert: decoded(users[0].user["client-certificate-data"]),
    key: decoded(users[0].user["client-key-data"]),
  });
  return { server: String(clusters[0].cluster.server), agent };
}

/**
 * Reads a path of a cluster's API. A process of kubectl takes 80 ms of CPU time, which adds up in a wait.
 * @throws Error if the API does not answer with success
 */
export async function read<T>(kubeconfig: string, path: string): Promise<T> {
  const client = clients.get(kubeconfig) ?? clientOf(kubeconfig);
  clients.set(kubeconfig, client);
  const { server, agent } = client;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(server + path, { agent }, resolve).on("error", reject);
  const response = await promise;
  if (response.statusCode !== 200)
    throw new Error(`The cluster answered ${response.statusCode} to ${path}: ${await text(response)}`);
  return (await json(response)) as T;
}
