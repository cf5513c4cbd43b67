import type { Outputs } from "./stack.ts";

export interface TaskInstance {
  readonly task_id: string;
  readonly state: string | null;
  readonly try_number: number;
  readonly hostname: string | null;
  readonly start_date: string | null;
  readonly end_date: string | null;
}

export interface DagRun {
  readonly dag_run_id: string;
  readonly state: "queued" | "running" | "success" | "failed";
}

/** Airflow's REST API, as the administrator. */
export class AirflowApi {
  private readonly login: Outputs;
  private token: string | undefined;

  constructor(login: Outputs) {
    this.login = login;
  }

  /** Calls a path below `/api/v2`; undefined when there is no such thing. */
  async call<T>(path: string, method = "GET", body?: unknown): Promise<T | undefined> {
    this.token ??= await this.authenticate();
    const response = await this.fetch(`/api/v2${path}`, method, body, {
      authorization: `Bearer ${this.token}`,
    });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Starts a run of a DAG that is known to Airflow, and unpauses it. */
  async trigger(dag: string, conf: Record<string, unknown> = {}): Promise<DagRun> {
    await this.call(`/dags/${dag}`, "PATCH", { is_paused: false });
    const run = await this.call<DagRun>(`/dags/${dag}/dagRuns`, "POST", { logical_date: null, conf });
    if (!run) throw new Error(`Airflow knows no DAG ${dag}.`);
    return run;
  }

  async dagRun(dag: string, run: string): Promise<DagRun | undefined> {
    return this.call(`/dags/${dag}/dagRuns/${run}`);
  }

  async tasks(dag: string, run: string): Promise<readonly TaskInstance[]> {
    const found = await this.call<{ task_instances: TaskInstance[] }>(
      `/dags/${dag}/dagRuns/${run}/taskInstances`,
    );
    return found?.task_instances ?? [];
  }

  private async authenticate(): Promise<string> {
    const { adminUser: username, adminPassword: password } = this.login;
    const response = await this.fetch("/auth/token", "POST", { username, password });
    if (!response.ok) throw new Error(`Airflow refused the login of ${username}: ${response.status}`);
    return ((await response.json()) as { access_token: string }).access_token;
  }

  private fetch(path: string, method: string, body?: unknown, headers: Record<string, string> = {}) {
    return fetch(this.login.webserverUrl + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
  }
}

/** How many tasks are in which state, as people read it. */
export function summary(tasks: readonly TaskInstance[]): string {
  const counts = Map.groupBy(tasks, ({ state }) => state ?? "waiting");
  return [...counts].map(([state, { length }]) => `${length} ${state}`).join(", ");
}
