import { setTimeout as sleep } from "node:timers/promises";
import type { Major } from "../../roles.ts";
import { majorOf } from "../../settings/schema/versions.ts";
import { print } from "./commandLine/terminal.ts";
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

/** Turns a login into the header of a request; `patience` as for {@link askAgain}. */
type Authenticate = (login: Outputs, patience: number) => Promise<string>;

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

const token: Authenticate = async (login, patience) => {
  const { adminUser: username, adminPassword: password } = login;
  const { ok, status, text } = await askAgain(patience, () =>
    ask(login, "/auth/token", "POST", { username, password }),
  );
  if (!ok) throw new Error(`Airflow refused the login of ${username}: ${status}${reason(login, status)}`);
  const { access_token }: { readonly access_token: string } = JSON.parse(text);
  return `Bearer ${access_token}`;
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

/** Error of a request that got no answer, or only a part of one. */
export class Unanswered extends Error {}

interface Answer extends Pick<Response, "ok" | "status"> {
  readonly text: string;
}

async function ask(
  { webserverUrl }: Outputs,
  path: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  try {
    const response = await fetch(webserverUrl + path, {
      method,
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const { ok, status } = response;
    return { ok, status, text: await response.text() };
  } catch (error) {
    const { cause = error } = error as Error;
    throw new Unanswered(`${webserverUrl} does not answer: ${reasonOf(cause)}`);
  }
}

/** Statuses of a webserver that is away for a moment, from itself or a proxy before it. */
const away: readonly number[] = [502, 503, 504];

/**
 * Repeats a request while its connection breaks or the webserver is away.
 * @param patience maximum seconds
 */
async function askAgain(patience: number, request: () => Promise<Answer>): Promise<Answer> {
  const begin = Date.now();
  for (let tries = 0; ; tries++) {
    const answer = await request().catch((error: Error) => error);
    if (!(answer instanceof Error) && !away.includes(answer.status)) return answer;
    if (Date.now() - begin >= patience * 1000) {
      if (answer instanceof Error) throw answer;
      return answer;
    }
    if (tries === 0) {
      const why = answer instanceof Error ? answer.message : `the webserver answers with ${answer.status}`;
      print(`  ${why}; trying again for ${patience} s`);
    }
    await sleep(1000);
  }
}

/** Airflow's REST API, with the login of the administrator. */
export class AirflowApi {
  readonly login: Outputs;
  private readonly dialect: Dialect;
  private readonly patience: number;
  private authorization: string | undefined;

  /** @param patience maximum seconds in which a login and reads are repeated while the webserver is away */
  constructor(login: Outputs, patience = 0) {
    this.login = login;
    this.patience = patience;
    this.dialect = dialects[majorOf(login.version)];
  }

  /** Calls a path below the API's root, within 60 s for each try; undefined if there is no such path; throws on other refusals. */
  async call<T>(path: string, method = "GET", body?: unknown): Promise<T | undefined> {
    const { ok, status, text } = await this.ask(path, method, body);
    if (status === 404) return undefined;
    if (!ok) throw new Error(`${method} ${path}: ${status} ${text}${reason(this.login, status)}`);
    return JSON.parse(text);
  }

  /** Logs in at the first request, as each login costs the webserver a tenth of a second, and again once its token is refused. */
  private async ask(path: string, method: string, body: unknown): Promise<Answer> {
    const { root, authenticate } = this.dialect;
    const { authorization: earlier, patience } = this;
    const authorization = earlier ?? (await authenticate(this.login, patience));
    this.authorization = authorization;
    // A change whose answer is lost may have been made.
    const answer = await askAgain(method === "GET" ? patience : 0, () =>
      ask(this.login, root + path, method, body, { authorization }),
    );
    // A token has expired (401), or the key that signed it is gone (403).
    if (![401, 403].includes(answer.status) || earlier === undefined) return answer;
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

  /** Reads a list page by page, one after the other; the API returns at most 100 items per call, or `maximum_page_limit`. */
  async all<T>(path: string, key: string): Promise<readonly T[]> {
    const found: T[] = [];
    for (;;) {
      const page = await this.call<Record<string, T[]> & { readonly total_entries?: number }>(
        `${path}?limit=100&offset=${found.length}`,
      );
      const items = page?.[key] ?? [];
      found.push(...items);
      if (items.length === 0 || found.length >= (page?.total_entries ?? Infinity)) return found;
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
