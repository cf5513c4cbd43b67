import { cpSync, rmSync } from "node:fs";
import { TestStack } from "../live/lib/harness.ts";
import type { Target } from "../live/targets/target.ts";
import type { Containers } from "./containers.ts";
import type { Deployment } from "./deployment.ts";

/** A stack as a deployment to measure. */
export class StackDeployment implements Deployment {
  readonly stack: TestStack;
  readonly containers: Containers;

  /**
   * @param port the first of three free ports
   * @param dags folder of DAG files, added to the project's own
   * @param containersOf finds the containers of a stack by the prefix of their names
   */
  constructor(target: Target, port: number, dags: string, containersOf: (prefix: string) => Containers) {
    this.stack = new TestStack("livetest-bench", port, target);
    this.containers = containersOf(this.stack.prefix);
    cpSync(dags, this.stack.dags, { recursive: true });
  }

  get outputs() {
    return this.stack.outputs;
  }

  clear(): Promise<void> {
    return this.stack.target.sweep(this.stack.prefix);
  }

  up(): Promise<string> {
    return this.stack.up({});
  }

  async remove(): Promise<void> {
    // An interrupted command may still hold the stack's lock.
    await this.stack.remove().catch(() => this.clear());
    rmSync(this.stack.folder, { recursive: true, force: true });
  }
}
