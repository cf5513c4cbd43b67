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
