import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { defaultVersion } from "../../../settings/schema/versions.ts";
import { AirflowApi, type TaskInstance, Unanswered } from "../../../tools/lib/airflow.ts";
import { destroy } from "../../../tools/lib/deployment/destroy.ts";
import { project } from "../../../tools/lib/process.ts";
import { type Outputs, Stack } from "../../../tools/lib/stack.ts";
import { timed } from "../../runner/steps.ts";
import { waitFor as poll } from "../../runner/waiting.ts";
import { onDocker } from "../targets/docker.ts";
import type { Instance, Instances, Ports, Target } from "../targets/target.ts";
import { basicAuthentication } from "./monitoring.ts";

export type Config = Readonly<Record<string, unknown>>;

/** Polls once a second: each poll costs the webserver or the engine some hundredths of a CPU second. */
function waitFor<T>(what: string, seconds: number, attempt: () => Promise<T | undefined>): Promise<T> {
  return timed("wait", () => poll(what, seconds, attempt, 1));
}

/** Sends a request; returns undefined if its connection breaks, as a tunnel may end in a replaced container. */
async function unlessCut<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Unanswered) return undefined;
    throw error;
  }
}

/** Stack of a test, with its own state. */
export class TestStack {
  readonly prefix: string;
  readonly folder: string;
  /** Copies of the example DAGs and of `naps.py`, in a folder with signs of shells and URLs in its name. */
  readonly dags: string;
  readonly stack: Stack;
  readonly target: Target;
  private readonly file: string;
  private readonly ports: Ports;
  private client: AirflowApi | undefined;
  private swept: boolean;

  /**
   * @param port the first of three free ports
   * @param kept folder that may hold the stack of an earlier process, to go on with; by default, a new one
   */
  constructor(name: string, port: number, target: Target = onDocker, kept?: string) {
    this.target = target;
    this.prefix = `airflow-${name}`;
    this.folder = kept ?? mkdtempSync(join(tmpdir(), `${this.prefix}-`));
    this.swept = existsSync(join(this.folder, "state"));
    this.file = join(this.folder, "stack.yaml");
    this.stack = new Stack(name, this.file, join(this.folder, "state"));
    this.dags = join(this.folder, "DAGs #1, it's 100%41 ü");
    cpSync(join(project, "dags"), this.dags, { recursive: true });
    cpSync(join(import.meta.dirname, "../dags/naps.py"), join(this.dags, "naps.py"));
    this.ports = { webserverPort: port, flowerPort: port + 2 };
  }

  /** Writes the stack's file. */
  async configure(config: Config): Promise<void> {
    const all = { ...this.ports, dags: this.dags, ...(await this.target.config(this.prefix)), ...config };
    const entries = Object.entries(all).map(([key, value]) => [`airflow:${key}`, value]);
    writeFileSync(this.file, stringify({ config: Object.fromEntries(entries) }));
  }

  /** Deploys; returns the CLI's output. */
  up(config: Config, ...flags: string[]): Promise<string> {
    return timed("deploy", () => this.deploy(config, flags));
  }

  private async deploy(config: Config, flags: readonly string[]): Promise<string> {
    await this.configure(config);
    if (!this.swept) await this.target.sweep(this.prefix);
    this.swept = true;
    const output = await this.stack.pulumi(["up", "--yes", "--skip-preview", ...flags]);
    // Outputs other than workers' names change only with the version.
    const { version = defaultVersion } = config;
    if (this.client?.login.version !== version)
      this.client = new AirflowApi({ ...(await this.stack.outputs()), ...this.urls(config) });
    await this.target.connect(this.prefix, this.ports);
    return output;
  }

  /** Returns URLs at the services' own ports, as tests cannot resolve the host name of an ingress. */
  private urls({ login }: Config): Pick<Outputs, "webserverUrl" | "flowerUrl"> {
    const { webserverPort, flowerPort } = this.ports;
    const flowerUrl = `http://127.0.0.1:${flowerPort}${login ? "/flower" : ""}`;
    return { webserverUrl: `http://127.0.0.1:${webserverPort}`, flowerUrl };
  }

  /** Removes everything except the data. */
  down(): Promise<void> {
    return timed("remove", async () => {
      await this.target.disconnect(this.prefix);
      await destroy(this.stack, ["--exclude-protected"]);
    });
  }

  /** Removes everything; does nothing the second time. */
  async remove(): Promise<void> {
    if (!existsSync(this.folder)) return;
    await timed("remove", async () => {
      await this.target.disconnect(this.prefix);
      await this.stack.pulumi(["state", "unprotect", "--all", "--yes"]);
      await destroy(this.stack, []);
    });
    rmSync(this.folder, { recursive: true });
  }

  /** Removes everything without the CLI, which is faster; the tests of removal cover the CLI. */
  async discard(): Promise<void> {
    await timed("remove", async () => {
      await this.target.disconnect(this.prefix);
      await this.target.sweep(this.prefix);
    });
    rmSync(this.folder, { recursive: true });
  }

  get outputs(): Outputs {
    return this.api.login;
  }

  get api(): AirflowApi {
    if (!this.client) throw new Error(`${this.prefix} is not deployed yet; expected a call of up() first`);
    return this.client;
  }

  instances(): Promise<Instances> {
    return this.target.instances(this.prefix);
  }

  /** Lists the names of the instances, sorted. */
  async names(): Promise<string[]> {
    return [...(await this.instances()).keys()].sort();
  }

  exec(name: string, ...command: string[]): Promise<string> {
    return this.target.exec(this.prefix, name, command);
  }

  crash(name: string): Promise<void> {
    return this.target.crash(this.prefix, name);
  }

  /** Restarts an instance gracefully; resolves once it is healthy again. */
  async restart(name: string): Promise<void> {
    await this.startsAgain(name, 120, () => this.target.restart(this.prefix, name));
  }

  /** Waits until an instance is healthy and satisfies a condition. */
  healthy(name: string, seconds: number, condition = (_: Instance) => true): Promise<Instance> {
    return waitFor(`${name} to be healthy`, seconds, async () => {
      const instance = (await this.instances()).get(name);
      return instance?.healthy && condition(instance) ? instance : undefined;
    });
  }

  /** Runs an action that ends an instance; returns the seconds until the instance is restarted and healthy. */
  async startsAgain(name: string, seconds: number, action: () => Promise<unknown>): Promise<number> {
    const { start } = await this.healthy(name, 60);
    const since = Date.now();
    await action();
    await this.healthy(name, seconds, (instance) => instance.start !== start);
    return Math.round((Date.now() - since) / 1000);
  }

  /** Starts a DAG once Airflow has read it; returns the id of the run. */
  async trigger(dag: string, conf: Config = {}): Promise<string> {
    await waitFor(`${dag} to be read`, 120, () => unlessCut(() => this.api.call(`/dags/${dag}`)));
    return (await this.api.trigger(dag, conf)).dag_run_id;
  }

  /** Waits until the tasks of a run satisfy a condition. */
  tasks(
    dag: string,
    run: string,
    what: string,
    condition: (tasks: readonly TaskInstance[]) => boolean,
    seconds = 180,
  ): Promise<readonly TaskInstance[]> {
    const api = this.api;
    return waitFor(`${what} in ${dag}`, seconds, async () => {
      const tasks = await unlessCut(() => api.tasks(dag, run));
      return tasks && condition(tasks) ? tasks : undefined;
    });
  }

  /** Starts naps that are long enough for a busy machine; returns once `places` tasks run at the same time on two workers. */
  async napping(places: number) {
    const run = await this.trigger("naps", { seconds: 25 });
    const tasks = await this.tasks("naps", run, `${places} running tasks on two workers`, (all) => {
      const hosts = all.filter(isRunning).map(hostOf);
      return hosts.length === places && new Set(hosts).size === 2;
    });
    const running = Map.groupBy(tasks.filter(isRunning), hostOf);
    return { run, on: (worker: string) => (running.get(worker) ?? []).map(({ task_id }) => task_id).sort() };
  }

  /** Waits for the end of a run; returns its tasks. */
  async finished(dag: string, run: string, seconds = 300): Promise<readonly TaskInstance[]> {
    const api = this.api;
    const ended = waitFor(`${dag} to finish`, seconds, async () => {
      const state = (await unlessCut(() => api.dagRun(dag, run)))?.state;
      return state === "success" || state === "failed" ? state : undefined;
    });
    await ended.catch(async (error: Error) => {
      const tasks = (await unlessCut(() => api.tasks(dag, run))) ?? [];
      const lines = tasks.map(
        (task) => `${task.task_id} ${task.state}, try ${task.try_number}, ${hostOf(task)}`,
      );
      throw new Error([error.message, ...lines].join("\n"), { cause: error });
    });
    return waitFor(`tasks of ${dag}`, 60, () => unlessCut(() => api.tasks(dag, run)));
  }

  /** Waits until Redis and Flower count so many messages in the queue `default`; a task is queued before its message is. */
  async queued(count: number): Promise<void> {
    await waitFor(`${count} queued messages`, 30, async () => {
      const inRedis = Number(await this.broker("print(redis.llen('default'))"));
      return inRedis === count && (await this.queuedInFlower()) === count ? true : undefined;
    });
  }

  /** Runs a statement of Python on a client of the broker, named `redis`; returns what it prints. */
  async broker(statement: string): Promise<string> {
    const client =
      "from redis import Redis; redis = Redis.from_url(open('/run/secrets/broker_url').read().strip())";
    return (await this.exec("flower", "python", "-c", `${client}; ${statement}`)).trim();
  }

  /** Counts the messages in the queue `default`, according to Flower. */
  async queuedInFlower(): Promise<number> {
    type Queues = { active_queues: { name: string; messages: number }[] };
    const { active_queues } = await this.flower<Queues>("/api/queues/length");
    const queue = active_queues.find(({ name }) => name === "default");
    if (!queue) throw new Error(`Flower lists ${JSON.stringify(active_queues)}; expected the queue default`);
    return queue.messages;
  }

  /** Reads the log of a task's last try, as the webserver shows it. */
  async taskLog(dag: string, run: string, { task_id, try_number }: TaskInstance): Promise<string> {
    const path = `/dags/${dag}/dagRuns/${run}/taskInstances/${task_id}/logs/${try_number}`;
    return JSON.stringify((await this.api.call(path)) ?? "Airflow knows no such try");
  }

  /** Sends a request to Flower's API. */
  async flower<T>(path: string): Promise<T> {
    const response = await fetch(this.outputs.flowerUrl + path, {
      headers: basicAuthentication(this.outputs),
    });
    if (!response.ok) throw new Error(`Flower answered ${response.status} to ${path}`);
    return (await response.json()) as T;
  }
}

/** Shell command that prints the id of an instance's main process: the child of an engine's init, or of the roles' dumb-init. */
export const mainProcess =
  "id=1; while grep -qxE 'docker-init|dumb-init' /proc/$id/comm; do read -r id _ </proc/$id/task/$id/children; done; echo $id";

export function isRunning(task: TaskInstance): boolean {
  return task.state === "running";
}

/** Names the worker that ran a task, without the domain of a cluster's host name. */
export function hostOf({ hostname }: TaskInstance): string {
  return hostname?.split(".")[0] ?? "";
}

/** Asserts that every task succeeded at its first try. */
export function assertUndisturbed(tasks: readonly TaskInstance[], count: number): void {
  assert.deepEqual(
    tasks.map(({ state, try_number }) => ({ state, try_number })),
    Array.from({ length: count }, () => ({ state: "success", try_number: 1 })),
  );
}

/** Asserts that tasks seen running were still running at a time, and succeeded at their first try. */
export function assertOutlasted(
  tasks: readonly TaskInstance[],
  seen: readonly TaskInstance[],
  time: number,
): void {
  const ids = seen.filter(isRunning).map(({ task_id }) => task_id);
  const same = tasks.filter(({ task_id }) => ids.includes(task_id));
  assertUndisturbed(same, ids.length);
  for (const task of same) assert.ok(Date.parse(task.end_date ?? "") > time, JSON.stringify({ time, task }));
}

/** Counts the most tasks that ran at the same time. */
export function mostAtOnce(tasks: readonly TaskInstance[]): number {
  const running = tasks.map(
    ({ start_date, end_date }) => [Date.parse(start_date ?? ""), Date.parse(end_date ?? "")] as const,
  );
  return Math.max(...running.map(([at]) => running.filter(([from, to]) => from <= at && at < to).length));
}
