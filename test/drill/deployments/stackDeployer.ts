import { setTimeout as sleep } from "node:timers/promises";
import type { Config, TestStack } from "../../live/lib/harness.ts";
import { cutOff } from "../../live/lib/killing.ts";
import { replaced } from "../../live/targets/target.ts";
import type { Deployer } from "../nemesis/deploying.ts";

/** Configuration of a stack with a number of workers; `revision` is a setting that reaches all roles. */
export type Configure = (workers: number, revision: number) => Config;

/** Deploys a stack of the project with other numbers of workers and other settings. */
export class StackDeployer implements Deployer {
  private workers: number;
  private revision = 0;
  private isDeployed = false;
  private readonly stack: TestStack;
  private readonly configure: Configure;
  private readonly usual: number;

  constructor(stack: TestStack, configure: Configure, usual: number) {
    this.stack = stack;
    this.configure = configure;
    this.usual = usual;
    this.workers = usual;
  }

  private get config(): Config {
    return this.configure(this.workers, this.revision);
  }

  private async workerNames(): Promise<string> {
    return (await this.stack.names()).filter((name) => name.startsWith("worker")).join();
  }

  /** Deploys the state that every schedule starts from, if needed; the first call also restores missing parts. */
  async restore(): Promise<void> {
    if (this.isDeployed && this.workers === this.usual) return;
    this.workers = this.usual;
    await this.deploy();
  }

  /** Deploys; after a failed deployment, refreshes the state first. */
  private async deploy(): Promise<void> {
    const flags = this.isDeployed ? [] : ["--refresh"];
    this.isDeployed = false;
    await this.stack.up(this.config, ...flags);
    this.isDeployed = true;
  }

  async scale(by: number): Promise<string> {
    const before = await this.workerNames();
    this.workers = Math.max(1, this.workers + by);
    await this.deploy();
    const after = await this.workerNames();
    if (after === before) throw new Error(`the workers are still ${after}; expected ${this.workers} of them`);
    return `${before} -> ${after}`;
  }

  async change(): Promise<string> {
    const before = await this.stack.instances();
    this.revision++;
    await this.deploy();
    const names = replaced(before, await this.stack.instances());
    if (names.length === 0)
      throw new Error("the deployment replaced no container although a setting changed");
    return `replaced ${names.join()}`;
  }

  async killed(seconds: number): Promise<string> {
    this.revision++;
    const killed = /pulumi up failed with exit code null/;
    await cutOff(this.stack, this.config, () => sleep(seconds * 1000), ["SIGKILL"], killed);
    await this.deploy();
    return `up killed after ${seconds} s, and repeated`;
  }
}
