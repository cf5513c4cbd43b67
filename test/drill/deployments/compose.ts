import { join } from "node:path";
import { AirflowApi } from "../../../tools/lib/airflow.ts";
import { waitFor } from "../../../tools/lib/process.ts";
import { Compose } from "../../bench/compose.ts";
import { docker } from "../../live/targets/docker.ts";
import { type Client, CONTAINER, clientBy, engineLevers, killAll } from "../nemesis/engineLevers.ts";
import type { Levers } from "../nemesis/levers.ts";
import type { Layout } from "../plan/schedule.ts";
import { type Deployment, ledgerOf } from "./deployment.ts";
import { dockerStack } from "./docker.ts";
import { places } from "./stack.ts";

/** Compose's names of services that a stack names otherwise, by the stack's name. */
const services: Readonly<Record<string, string>> = { webserver: "api-server" };
const workers = dockerStack.layout.worker;
const roles = ["redis", "postgres", "api-server", "scheduler", "dag-processor", "triggerer", ...workers];

/** Ordinary compose deployment, which exists only while the command runs. */
export class ComposeDeployment implements Deployment {
  readonly subject = "compose";
  readonly platform = "docker";
  readonly layout: Layout = dockerStack.layout;
  /** Kinds that do not apply, as Compose is never deployed again and its broker keeps nothing on disk. */
  readonly without = ["scaleUp", "scaleDown", "change", "upKilled", "diskFull"] as const;
  readonly places = places;
  readonly levers: Levers;
  readonly api: AirflowApi;
  private readonly compose: Compose;
  private readonly client: Client;

  private constructor(compose: Compose) {
    this.compose = compose;
    this.api = new AirflowApi(compose.outputs);
    const named = (instance: string) => `${compose.prefix}${services[instance] ?? instance}_1`;
    this.client = clientBy(named, (_, ...args) => docker(...args));
    const levers = engineLevers(this.client);
    this.levers = {
      ...levers,
      addresses: (instance, peer) => levers.addresses(instance, services[peer] ?? peer),
      hostsOn: () => Promise.all(workers.map(levers.host)),
      cutPower: () => killAll(this.client, roles),
    };
  }

  static async prepare(): Promise<ComposeDeployment> {
    const compose = await Compose.prepare(join(import.meta.dirname, "../dags"), 18730);
    await compose.clear();
    return new ComposeDeployment(compose);
  }

  async ready(): Promise<void> {
    await this.compose.up();
    const health = "{{.State.Health.Status}}";
    for (const role of roles)
      await waitFor(`${role} to be healthy`, 300, async () => {
        const state = await this.client(role, "inspect", "--format", health, CONTAINER);
        return state.trim() === "healthy" || undefined;
      });
  }

  query(sql: string): Promise<string> {
    const psql =
      'PGPASSWORD=$(cat /run/secrets/postgres_password) psql -h 127.0.0.1 -U airflow -d airflow -Atc "$1"';
    return this.client("postgres", "exec", CONTAINER, "sh", "-c", psql, "psql", sql);
  }

  /** Reads the ledger once, as all roles share the volume. */
  ledger(runs: string): Promise<string> {
    return this.client("scheduler", "exec", CONTAINER, ...ledgerOf(runs));
  }

  /** Removes the deployment, as its secrets are kept nowhere. */
  rest(): Promise<void> {
    return this.remove();
  }

  remove(): Promise<void> {
    return this.compose.remove();
  }
}
