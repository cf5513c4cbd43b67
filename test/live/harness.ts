import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { AirflowApi, type TaskInstance } from "../../tools/airflow.ts";
import { project, waitFor } from "../../tools/process.ts";
import { type Outputs, Stack } from "../../tools/stack.ts";
import { type Container, containers, docker } from "./docker.ts";

export type Config = Readonly<Record<string, unknown>>;

/** A stack of a test's own, with its own state, on the local engine. */
export class TestStack {
  readonly prefix: string;
  readonly folder: string;
  /** Its own copy of the example DAGs. */
  readonly dags: string;
  readonly stack: Stack;
  private readonly file: string;
  private readonly ports: Config;
  private known: Outputs | undefined;

  /** @param port the first of two free ports */
  constructor(name: string, port: number) {
    this.prefix = `airflow-${name}`;
    this.folder = mkdtempSync(join(tmpdir(), `${this.prefix}-`));
    this.file = join(this.folder, "stack.yaml");
    this.stack = new Stack(name, this.file, join(this.folder, "state"));
    this.dags = join(this.folder, "dags");
    cpSync(join(project, "dags"), this.dags, { recursive: true });
    this.ports = { webserverPort: port, flowerPort: port + 1 };
  }

  configure(config: Config): void {
    const entries = Object.entries({ ...this.ports, dags: this.dags, ...config }).map(([key, value]) => [
      `airflow:${key}`,
      value,
    ]);
    writeFileSync(this.file, stringify({ config: Object.fromEntries(entries) }));
  }

  /** Deploys, and returns what the CLI said. */
  async up(config: Config, ...flags: string[]): Promise<string> {
    this.configure(config);
    const said = await this.stack.pulumi(["up", "--yes", "--skip-preview", ...flags]);
    this.known = await this.stack.outputs();
    return said;
  }

  /** Removes everything; does nothing the second time. */
  async remove(): Promise<void> {
    if (!existsSync(this.folder)) return;
    await this.stack.pulumi(["state", "unprotect", "--all", "--yes"]);
    await this.stack.pulumi(["destroy", "--yes", "--skip-preview"]);
    rmSync(this.folder, { recursive: true });
  }

  get outputs(): Outputs {
    if (!this.known) throw new Error("the stack is not up yet");
    return this.known;
  }

  get api(): AirflowApi {
    return new AirflowApi(this.outputs);
  }

  containers(): Promise<Map<string, Container>> {
    return containers(this.prefix);
  }

  exec(name: string, ...command: string[]): Promise<string> {
    return docker("exec", `${this.prefix}-${name}`, ...command);
  }

  /** Starts a DAG once Airflow has read it; returns the id of the run. */
  async trigger(dag: string, conf: Config = {}): Promise<string> {
    const api = this.api;
    await waitFor(`${dag} to be read`, 120, () => api.call(`/dags/${dag}`));
    return (await api.trigger(dag, conf)).dag_run_id;
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
      const tasks = await api.tasks(dag, run);
      return condition(tasks) ? tasks : undefined;
    });
  }

  /** Waits for the end of a run and returns its tasks. */
  async finished(dag: string, run: string, seconds = 300): Promise<readonly TaskInstance[]> {
    const api = this.api;
    await waitFor(`${dag} to finish`, seconds, async () => {
      const state = (await api.dagRun(dag, run))?.state;
      return state === "success" || state === "failed" ? state : undefined;
    });
    return api.tasks(dag, run);
  }

  /** Messages that wait in the queue, as Redis counts them. */
  async queued(): Promise<number> {
    const count =
      "from airflow.providers.celery.executors.celery_executor_utils import app\n" +
      "with app.connection_for_read() as c: print(c.default_channel.client.llen('default'))";
    return Number((await this.exec("scheduler", "python", "-c", count)).trim().split("\n").at(-1));
  }

  /** Asks Flower. */
  async flower<T>(path: string): Promise<T> {
    const { flowerUrl, adminUser, adminPassword } = this.outputs;
    const authorization = `Basic ${Buffer.from(`${adminUser}:${adminPassword}`).toString("base64")}`;
    const response = await fetch(flowerUrl + path, { headers: { authorization } });
    if (!response.ok) throw new Error(`Flower answered ${response.status} to ${path}`);
    return (await response.json()) as T;
  }
}

/** How many of these tasks ran at once, at the most. */
export function mostAtOnce(tasks: readonly TaskInstance[]): number {
  const running = tasks.map(
    ({ start_date, end_date }) => [Date.parse(start_date ?? ""), Date.parse(end_date ?? "")] as const,
  );
  return Math.max(...running.map(([at]) => running.filter(([from, to]) => from <= at && at < to).length));
}
