import type { Input } from "@pulumi/pulumi";
import type { Endpoint, Values } from "../../../workload.ts";
import { moduleFolder, modules } from "../modules.ts";

/** Flower below the webserver, for people who are logged in there. */
export interface FlowerPage {
  readonly endpoint: Endpoint;
  /** Path of the webserver, and of Flower itself. */
  readonly path: string;
  /** Flower's user and password, joined by a colon. */
  readonly login: Input<string>;
}

/** Returns what a webserver needs to serve Flower; its modules come after that of the admission. */
export function flowerPage({ endpoint, path, login }: FlowerPage) {
  return {
    files: {
      ...modules(import.meta.url, "gate.py", "flower_page.py"),
      [`${moduleFolder}/flower_page.json`]: JSON.stringify({ ...endpoint, path }),
    } satisfies Values,
    secrets: { flower_basic_auth: login } satisfies Values,
    modules: ["airflow_on_celery.flower_page"],
  };
}
