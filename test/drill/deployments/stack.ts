import { cpSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import type { AirflowApi } from "../../../tools/lib/airflow.ts";
import { project } from "../../../tools/lib/process.ts";
import { type Config, TestStack } from "../../live/lib/harness.ts";
import { query } from "../../live/lib/services.ts";
import type { Target } from "../../live/targets/target.ts";
import type { Levers } from "../nemesis/levers.ts";
import type { Layout } from "../plan/schedule.ts";
import { type Deployment, ledgerOf } from "./deployment.ts";
import { StackDeployer } from "./stackDeployer.ts";

/** Number of tasks that a worker runs at a time. */
export const places = 4;

/** Configuration shared by all platforms. */
const commonConfig: Config = { workerConcurrency: places, workerMemory: 1024 };

/** Arguments of a deployment of the project's stack. */
export interface StackArgs {
  readonly name: string;
  /** First port of those that the stack publishes. */
  readonly port: number;
  readonly target: Target;
  readonly layout: Layout;
  readonly configure: (workers: number) => Config;
  readonly levers: (stack: TestStack) => Levers;
  /** Runs once the stack is deployed. */
  readonly prepare?: (stack: TestStack, levers: Levers) => Promise<void>;
  /** Runs a command at each ledger and returns the outputs; by default, at every worker. */
  readonly atLedgers?: (stack: TestStack, command: readonly string[]) => Promise<readonly string[]>;
  /** Runs before the stack and its data are removed. */
  readonly clear?: (stack: TestStack) => Promise<void>;
}

/** Folder of a stack's state and its DAGs: outside of `.state`, from which nothing is mounted. */
export function folderOf(name: string): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "airflow-on-celery/drill", basename(project), name);
}

async function atWorkers(stack: TestStack, command: readonly string[]): Promise<readonly string[]> {
  const names = (await stack.names()).filter((name) => name.startsWith("worker"));
  return Promise.all(names.map((name) => stack.exec(name, ...command)));
}

/** Stack of the project, which stays deployed after the command. */
export class StackDeployment implements Deployment {
  readonly subject;
  readonly platform;
  readonly layout: Layout;
  readonly without = [];
  readonly places = places;
  readonly levers: Levers;
  readonly deployer: StackDeployer;
  private readonly stack: TestStack;
  private readonly args: StackArgs;

  constructor(args: StackArgs) {
    const folder = folderOf(args.name);
    this.args = args;
    this.subject = this.platform = args.target.name;
    this.layout = args.layout;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.stack = new TestStack(args.name, args.port, args.target, folder);
    cpSync(join(import.meta.dirname, "../dags"), this.stack.dags, { recursive: true });
    this.levers = args.levers(this.stack);
    const configure = (workers: number, revision: number): Config => ({
      ...commonConfig,
      ...args.configure(workers),
      settings: { core: { max_active_runs_per_dag: 16 + revision } },
    });
    this.deployer = new StackDeployer(this.stack, configure, args.layout.worker.length);
  }

  get api(): AirflowApi {
    return this.stack.api;
  }

  async ready(): Promise<void> {
    await this.deployer.restore();
    await this.args.prepare?.(this.stack, this.levers);
    const { deployment: _, machine: __, ...roles } = this.layout;
    for (const name of Object.values(roles).flat()) await this.stack.healthy(name, 300);
  }

  async query(sql: string): Promise<string> {
    return query(this.stack, "postgres", "postgres_password", "airflow", sql);
  }

  /** Joins the ledgers of all workers; workers on one machine return the same lines. */
  async ledger(runs: string): Promise<string> {
    const read = this.args.atLedgers ?? atWorkers;
    return (await read(this.stack, ledgerOf(runs))).join("");
  }

  rest(): Promise<void> {
    return this.stack.down();
  }

  async remove(): Promise<void> {
    await this.args.clear?.(this.stack);
    await this.stack.remove();
  }
}
