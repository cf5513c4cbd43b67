import { parseImage } from "../image.ts";
import { at, plainAt, type Tree } from "../source.ts";
import { builtVersion } from "./container.ts";
import type { Disk } from "./context.ts";
import { firstVariable, variableOf } from "./lookup.ts";
import { findStarted, runningRoles, type Started } from "./roles.ts";
import { countOf, type Flags, flagsOf, type Group, mergeWorkers } from "./worker.ts";

/** Kinds that rules distinguish: a role of Airflow, the database, the broker, or a foreign service. */
type ServiceKind = "airflow" | "postgres" | "redis" | "foreign";

/** A service of a compose file. */
export interface ComposeService {
  readonly name: string;
  readonly kind: ServiceKind;
  /** Roles that the service starts; none for a service that only people use. */
  readonly roles: readonly string[];
  /** Subcommands of Airflow that start the roles. */
  readonly started: readonly Started[];
  readonly tree: Tree;
  /** True if the service starts a webserver of Airflow 2. */
  readonly isOld: boolean;
  /** For a worker: its command's flags, and its group. */
  readonly worker?: { readonly flags: Flags; readonly group: Group };
}

/** Lists the host names at which other services reach a service. */
function hostsOf(name: string, tree: Tree): string[] {
  const networks = plainAt(tree, ["networks"]);
  const aliases = Object.values(Object(networks)).flatMap((network) => Object(network).aliases ?? []);
  const names = [plainAt(tree, ["container_name"]), plainAt(tree, ["hostname"]), ...aliases];
  return [name, ...names.filter((host) => typeof host === "string")];
}

type NamedTree = readonly [name: string, tree: Tree];

function findRoles([service, tree]: NamedTree): Started[] {
  const entrypoint = plainAt(tree, ["entrypoint"]);
  const command = plainAt(tree, ["command"]);
  const prepares = ["_AIRFLOW_DB_MIGRATE", "_AIRFLOW_DB_UPGRADE"].some((name) =>
    /^true$/i.test(variableOf(tree, name) ?? ""),
  );
  return findStarted({ service, entrypoint, command, prepares });
}

function repositoryOf(tree: Tree): string {
  return parseImage(String(plainAt(tree, ["image"]) ?? "")).repository;
}

/** True for a service with Airflow's settings, image or command. */
function isAirflow([name, tree]: NamedTree): boolean {
  const repository = repositoryOf(tree);
  if (/exporter|statsd|prometheus/.test(repository)) return false;
  const variables = Object.keys(Object(plainAt(tree, ["environment"])));
  if (variables.some((variable) => /^(AIRFLOW__|AIRFLOW_CONN_|_AIRFLOW_)/.test(variable))) return true;
  if (/airflow/.test(repository)) return true;
  const command = [plainAt(tree, ["entrypoint"]), plainAt(tree, ["command"])].flat().join(" ");
  if (/(^|[\s/"'])airflow(\s|$)/.test(command)) return true;
  return repository === "" && /airflow/.test(name);
}

const images = {
  postgres: /(^|\/)(postgres|postgresql|postgis|timescaledb|pgvector)$/,
  redis: /(^|\/)(redis|redis-stack|redis-stack-server|valkey)$/,
};

/** Returns the host of a URL: `postgresql+psycopg2://user:word@HOST:5432/airflow`. */
function hostIn(url: string | undefined): string | undefined {
  return /^[\w+]+:\/\/(?:.*@)?([^@/:?]+)/.exec(url ?? "")?.[1];
}

/** Returns the name of Airflow's database or broker: the host of its URL, or without a URL the likeliest by name. */
function findServer(
  kind: "postgres" | "redis",
  others: readonly NamedTree[],
  url: string | undefined,
): string | undefined {
  const host = hostIn(url);
  if (host !== undefined) return others.find(([name, tree]) => hostsOf(name, tree).includes(host))?.[0];
  const likely = others.filter(([, tree]) => images[kind].test(repositoryOf(tree)));
  const rank = ([name]: NamedTree) =>
    [/airflow|meta/, /^(postgres|redis|broker)$/, /./].findIndex((pattern) => pattern.test(name));
  return likely.toSorted((one, other) => rank(one) - rank(other))[0]?.[0];
}

/** Returns the URLs of the metadata database and of the broker that the services' variables give. */
export function urlsOf(trees: readonly Tree[]): {
  readonly postgres?: string | undefined;
  readonly redis?: string | undefined;
} {
  return {
    postgres: firstVariable(trees, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN"),
    redis: firstVariable(trees, "AIRFLOW__CELERY__BROKER_URL"),
  };
}

/** Lists the services of a compose file; their variables must be in their environment. */
export function composeServices(compose: Tree, disk: Disk): ComposeService[] {
  const services = at(compose, ["services"]);
  const all: NamedTree[] = services?.kind === "map" ? [...services.entries] : [];
  const recognized = all.filter(
    (service) => isAirflow(service) || builtVersion(service[1], disk) !== undefined,
  );
  const sharedImages = new Set<unknown>(
    recognized.map(([, tree]) => plainAt(tree, ["image"])).filter((image) => image !== undefined),
  );
  const airflowServices = all.filter(
    (service) => recognized.includes(service) || sharedImages.has(plainAt(service[1], ["image"])),
  );
  const trees = airflowServices.map(([, tree]) => tree);
  const others = all.filter((service) => !airflowServices.includes(service));
  const urls = urlsOf(trees);
  const kinds = new Map<string | undefined, ServiceKind>([
    ...airflowServices.map(([name]) => [name, "airflow"] as const),
    [findServer("redis", others, urls.redis), "redis"],
    [findServer("postgres", others, urls.postgres), "postgres"],
  ]);
  const rolesByService = new Map(airflowServices.map((service) => [service[0], findRoles(service)]));
  const defaultQueue =
    firstVariable(trees, "AIRFLOW__OPERATORS__DEFAULT_QUEUE", "AIRFLOW__CELERY__DEFAULT_QUEUE") ?? "default";
  const workers = airflowServices.flatMap(([name, tree]) => {
    const worker = rolesByService.get(name)?.find(({ role }) => role === "worker");
    return worker ? [{ name, tree, flags: flagsOf(worker.args) }] : [];
  });
  const groups = mergeWorkers(workers, defaultQueue);
  return all.map(([name, tree]) => {
    const group = groups.get(name);
    const flags = workers.find((worker) => worker.name === name)?.flags;
    const started = rolesByService.get(name) ?? [];
    return {
      name,
      tree,
      kind: kinds.get(name) ?? "foreign",
      roles: [...new Set(started.map(({ role }) => role))],
      started,
      isOld: started.some((one) => one.name === "webserver" && one.role === "webserver"),
      ...(group && flags && { worker: { flags, group } }),
    };
  });
}

/** Returns the host names that the compose file itself provides. */
export function ownHosts(services: readonly ComposeService[]): Set<string> {
  return new Set(services.flatMap(({ name, tree }) => hostsOf(name, tree)));
}

/** Lists the services that keep running. */
export function runningServices(services: readonly ComposeService[]): ComposeService[] {
  return services.filter(({ roles }) => roles.some((role) => runningRoles.includes(role)));
}

/** Counts the containers of all services that start a role. */
export function instancesOf(role: string, services: readonly ComposeService[]): number {
  return services
    .filter(({ roles }) => roles.includes(role))
    .reduce((sum, { tree }) => sum + countOf(tree), 0);
}
