import type { Major } from "../../roles.ts";
import { majorOf } from "../../settings/schema/versions.ts";
import { reasonOf } from "./process.ts";
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

/** Turns a login into the header of a request. */
type Authenticate = (login: Outputs) => Promise<string>;

const basic: Authenticate = async ({ adminUser, adminPassword }) =>
  `Basic ${Buffer.from(`${adminUser}:${adminPassword}`).toString("base64")}`;

/** Explains a refusal of the administrator: a user that the database had before the stack keeps password and role, as does one that people have changed. */
function reason({ adminUser }: Outputs, status: number): string {
  const keeps = "Airflow keeps what its database had before the stack, and what people have changed there";
  if (status === 401)
    return `; the password of ${adminUser} is another one in Airflow: ${keeps}. Expected another number of secretGenerations.adminPassword, which sets a new one, or that password as secrets.adminPassword`;
  return status === 403
    ? `; ${adminUser} lacks a permission: ${keeps}. Expected the role Admin, which an administrator of Airflow can give, or another adminUser`
    : "";
}

const token: Authenticate = async (login) => {
  const { adminUser: username, adminPassword: password } = login;
  const response = await ask(login, "/auth/token", "POST", { username, password });
  const { ok, status } = response;
  if (!ok) throw new Error(`Airflow refused the login of ${username}: ${status}${reason(login, status)}`);
  return `Bearer ${((await response.json()) as { access_token: string }).access_token}`;
};

/** Differences between the APIs of major versions. */
interface Dialect {
  readonly root: string;
  readonly authenticate: Authenticate;
  /** Fields that triggering a run requires. */
  readonly run: Readonly<Record<string, unknown>>;
}

const dialects: Readonly<Record<Major, Dialect>> = {
  2: { root: "/api/v1", authenticate: basic, run: {} },
  3: { root: "/api/v2", authenticate: token, run: { logical_date: null } },
};

function ask(
  { webserverUrl }: Outputs,
  path: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(webserverUrl + path, {
    method,
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  }).catch((error: Error) => {
    throw new Error(`${webserverUrl} does not answer: ${reasonOf(error.cause ?? error)}`);
  });
}

/** Airflow's REST API, with the login of the administrator. */
export class AirflowApi {
  readonly login: Outputs;
  private readonly dialect: Dialect;
  private authorization: string | undefined;

  constructor(login: Outputs) {
    this.login = login;
    this.dialect = dialects[majorOf(login.version)];
  }

  /** Calls a path below the API's root, within 60 s; undefined if there is no such path; throws on other refusals. */
  async call<T>(path: string, method = "GET", body?: unknown): Promise<T | undefined> {
    const response = await this.ask(path, method, body);
    if (response.status === 404) return undefined;
    const { ok, status } = response;
    if (!ok)
      throw new Error(`${method} ${path}: ${status} ${await response.text()}${reason(this.login, status)}`);
    return (await response.json()) as T;
  }

  /** Logs in at the first request, as each login costs the webserver a tenth of a second, and again once its token is refused. */
  private async ask(path: string, method: string, body: unknown): Promise<Response> {
    const { root, authenticate } = this.dialect;
    const { authorization: earlier } = this;
    const authorization = earlier ?? (await authenticate(this.login));
    this.authorization = authorization;
    const response = await ask(this.login, root + path, method, body, { authorization });
    // A token has expired (401), or the key that signed it is gone (403).
    if (![401, 403].includes(response.status) || earlier === undefined) return response;
    this.authorization = undefined;
    return this.ask(path, method, body);
  }

  /** Starts a run of a DAG that Airflow knows, and unpauses the DAG. */
  async trigger(dag: string, conf: Record<string, unknown> = {}): Promise<DagRun> {
    await this.call(`/dags/${dag}`, "PATCH", { is_paused: false });
    const run = await this.call<DagRun>(`/dags/${dag}/dagRuns`, "POST", {
      ...this.dialect.run,
      conf,
    });
    if (!run) throw new Error(`Airflow knows no DAG ${dag}; expected the id of one that it has read.`);
    return run;
  }

  async dagRun(dag: string, run: string): Promise<DagRun | undefined> {
    return this.call(`/dags/${dag}/dagRuns/${run}`);
  }

  /** Reads a list page by page, one after the other; the API returns at most 100 items per call. */
  async all<T>(path: string, key: string): Promise<readonly T[]> {
    const found: T[] = [];
    for (;;) {
      const page = await this.call<Record<string, T[]>>(`${path}?limit=100&offset=${found.length}`);
      const items = page?.[key] ?? [];
      found.push(...items);
      if (items.length < 100) return found;
    }
  }

  /** Reads the task instances of a run; each instance of a mapped task is an item. */
  tasks(dag: string, run: string): Promise<readonly TaskInstance[]> {
    return this.all(`/dags/${dag}/dagRuns/${run}/taskInstances`, "task_instances");
  }
}

/** Counts tasks by state: `2 success, 1 running`. */
export function summary(tasks: readonly TaskInstance[]): string {
  const counts = Map.groupBy(tasks, ({ state }) => state ?? "waiting");
  return [...counts].map(([state, { length }]) => `${length} ${state}`).join(", ");
}
