import { randomBytes } from "node:crypto";
import { defaultVersion } from "../../settings/schema/versions.ts";
import type { Outputs } from "../../tools/lib/stack.ts";
import type { Requests } from "./cluster/replacing.ts";
import type { Containers } from "./containers.ts";

/** Deployment to measure. */
export interface Deployment {
  readonly containers: Containers;
  /** Addresses and login, once it is up. */
  readonly outputs: Outputs;
  /** Removes what an interrupted measurement left. */
  clear(): Promise<void>;
  up(): Promise<unknown>;
  /** Replaces the webserver, and counts requests meanwhile; only in a cluster, which does so without a break. */
  replaceWebserver?(): Promise<Requests>;
  /** Removes everything, including data and secrets. */
  remove(): Promise<void>;
}

/** Returns the outputs of a deployment beside a stack, with a new password; Flower has the port after the webserver's. */
export function outputsAt(port: number, workers: readonly string[]): Outputs {
  return {
    webserverUrl: `http://127.0.0.1:${port}`,
    flowerUrl: `http://127.0.0.1:${port + 1}`,
    adminUser: "admin",
    adminPassword: randomBytes(16).toString("hex"),
    workers,
    version: defaultVersion,
  };
}
