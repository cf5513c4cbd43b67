import { environmentVariable } from "../environment.ts";
import { airflowImage, readImage } from "../image.ts";
import {
  converted,
  handled,
  type Item,
  type Outcome,
  type Rule,
  type Target,
  taken,
  unset,
  unsupported,
} from "../rule.ts";
import { looksSecret } from "../secrets.ts";
import { autoscaled, checkedExecutor, type ImportContext } from "../settings.ts";
import type { Path } from "../source.ts";
import { cores, integer, mebibytes, seconds } from "../units.ts";
import { builtVersion } from "./container.ts";
import { type ComposeContext, groupsOf, rolesOf } from "./context.ts";
import { ports } from "./openings.ts";
import { puckelHome, puckelVariable } from "./puckel.ts";
import { configFile, secretFile, secretText } from "./secretFiles.ts";
import { serverCommand } from "./servers.ts";
import { volume } from "./volumes.ts";

/** Takes over a value for each role; worker groups get it only if `inGroup` names their key. */
function perRole(
  context: ComposeContext,
  value: unknown,
  keys: { worker?: string; role: string; inGroup?: string },
): Outcome {
  const { worker, role, inGroup } = keys;
  const targets = rolesOf(context).flatMap((name): Target[] => {
    if (name !== "worker" || !worker || !inGroup) return [{ path: ["roles", name, role], value }];
    return groupsOf(context).map((group) => ({
      path: group.length > 0 ? [...group, inGroup] : [worker],
      value,
    }));
  });
  return targets.length > 0 ? { kind: "taken", targets } : unsupported("the stack has no such container");
}

export function surroundings(context: ComposeContext): ImportContext {
  return {
    isOwn: (host) => context.hosts.has(host),
    metadataUrl: context.metadataUrl,
    groups: groupsOf(context),
    version: context.version,
    secretFile: (path) => secretText(path, context),
  };
}

/** Checks the executor, if its variable has a value. */
function executor({ value, leaves: [leaf], unset: missing = [] }: Item): Outcome {
  const text = String(value ?? "");
  if (missing.length > 0) return unset;
  const spelt = /^(Celery|Local|Sequential)$/.test(text) ? `${text}Executor` : text;
  return checkedExecutor(spelt, `${leaf?.file}:${leaf?.line}`);
}

function environment(item: Item, context: ComposeContext): Outcome {
  const {
    match: [name = ""],
    value,
  } = item;
  const text = String(value ?? "");
  const isPuckels = context.home === puckelHome;
  if (name === "AIRFLOW__CORE__EXECUTOR" || (name === "EXECUTOR" && isPuckels)) return executor(item);
  const puckels = isPuckels ? puckelVariable(name, text) : undefined;
  return (
    puckels ?? environmentVariable({ ...surroundings(context), name, value: text, roles: rolesOf(context) })
  );
}

const replicas = ({ value }: Item, context: ComposeContext): Outcome => {
  const count = integer(value);
  const [user] = context.users;
  if (count === undefined || !user) return unsupported("it cannot be read: expected a whole number");
  const groups = context.users.flatMap(({ worker }) => (worker ? [worker.group] : []));
  if (groups.length > 0) {
    const targets = groups.map(({ path, workers }) => ({ path: [...path, "workers"], value: workers }));
    return { kind: "taken", targets };
  }
  const counted: Readonly<Record<string, string>> = { scheduler: "schedulers", webserver: "webservers" };
  const key = user.roles.map((role) => counted[role]).find((one) => one !== undefined);
  if (key) return taken([key], count);
  return count === 1 ? handled("there is one") : unsupported("the stack runs one instance of it");
};

const memory = ({ value }: Item, context: ComposeContext): Outcome => {
  const number = mebibytes(value);
  if (number === undefined) return unsupported("it cannot be read: expected a size like 2g");
  return perRole(context, number, { worker: "workerMemory", role: "memory", inGroup: "memory" });
};

const cpu = ({ value }: Item, context: ComposeContext): Outcome => {
  const number = cores(value);
  if (number === undefined) return unsupported("it cannot be read: expected a number of cores");
  return perRole(context, number, { worker: "workerCpu", role: "cpu", inGroup: "cpu" });
};

const command = (_: Item, context: ComposeContext): Outcome => {
  const worker = context.users.find((user) => user.worker)?.worker;
  if (!worker) return handled("the stack starts each role itself");
  const { concurrency, autoscale } = worker.flags;
  const { path, queues } = worker.group;
  const around = { ...surroundings(context), groups: [path] };
  const outcomes = [
    ...(path.length > 0 ? [taken([...path, "queues"], queues)] : []),
    ...(concurrency === undefined ? [] : [concurrent(concurrency, path)]),
    ...(autoscale === undefined ? [] : [autoscaled(autoscale, around)]),
  ];
  const targets = outcomes.flatMap((one) => (one.kind === "taken" ? one.targets : []));
  const others = worker.flags.others.join(" ");
  const note = others === "" ? undefined : `without a counterpart: ${others}`;
  if (targets.length > 0) return { kind: "taken", targets, note };
  return note === undefined ? handled("the stack starts each role itself") : unsupported(note);
};

function concurrent(given: string, group: Path): Outcome {
  return taken(group.length > 0 ? [...group, "concurrency"] : ["workerConcurrency"], integer(given));
}

const grace = (item: Item, { users }: ComposeContext): Outcome =>
  users.some(({ worker }) => worker)
    ? converted(["workerGraceSeconds"], seconds, "a time like 5m")(item)
    : handled("each role has a grace period of its own");

const label = ({ match: [name = ""], value }: Item, context: ComposeContext): Outcome => {
  if (looksSecret(name, String(value ?? "")))
    return unsupported("it is a secret, and labels are read by everybody");
  const targets = rolesOf(context).map((role) => ({
    path: ["roles", role, "labels", name],
    value: String(value ?? ""),
  }));
  return targets.length > 0 ? { kind: "taken", targets } : unsupported("the stack has no such container");
};

const image = ({ value }: Item, context: ComposeContext): Outcome => {
  const built = context.users.map(({ tree }) => builtVersion(tree, context)).find((one) => one !== undefined);
  return airflowImage(readImage(String(value)), { built });
};

const postgresImage = ({ value }: Item): Outcome => {
  const { repository } = readImage(String(value));
  const isOfficialOne = /^(docker\.io\/)?(library\/)?postgres$/.test(repository);
  const isCopy = /(^|\/)postgres$/.test(repository) && !/bitnami/.test(repository);
  return isOfficialOne || !isCopy
    ? handled("the stack has an image of Postgres; data is not moved: see pg_dump")
    : taken(["images", "postgres"], value);
};

const sameNumbers = handled("the stack reserves resources for each role");
const network = handled("the stack has a network of its own");
const health = handled("each role is checked by the stack, and restarted when it hangs");
const order = handled("the stack starts things in their order, the migration first");
const restart = handled("each role is restarted when it stops");
const names = handled("names are the stack's");
const always = handled("it always runs");
const unnecessary = handled("the stack does not need it");
const engine = unsupported("containers are set up by the stack");

export const composeRules: readonly Rule<ComposeContext>[] = [
  ["airflow.image", image],
  [
    "airflow.build",
    unsupported(
      "build it (docker build), and name it as images.airflow; or list its packages: requirements, systemPackages",
    ),
  ],
  ["airflow.environment.*", environment],
  ["airflow.command", command],
  ["airflow.entrypoint", handled("the stack starts each role itself")],
  ["airflow.ports.*", ports],
  ["airflow.volumes.*", volume],
  ["airflow.secrets.*", secretFile],
  ["airflow.configs.*", configFile],
  ["airflow.{scale,replicas}", replicas],
  ["airflow.deploy.replicas", replicas],
  ["airflow.mem_limit", memory],
  ["airflow.deploy.resources.limits.memory", memory],
  ["airflow.cpus", cpu],
  ["airflow.deploy.resources.limits.cpus", cpu],
  ["*.deploy.resources.reservations.{memory,cpus}", sameNumbers],
  ["*.{mem_reservation,memswap_limit}", sameNumbers],
  [
    "airflow.extra_hosts.*",
    ({ match: [host = ""], value }) => taken(["extraHosts", host.toLowerCase()], value),
  ],
  ["airflow.labels.*", label],
  ["airflow.stop_grace_period", grace],
  ["airflow.user", handled("Airflow runs as 50000:0")],
  ["airflow.profiles", always],
  ["postgres.image", postgresImage],
  ["postgres.command", serverCommand("postgres", "the stack starts Postgres itself")],
  ["postgres.environment.*", handled("the stack names its databases and logins, and mints their passwords")],
  ["postgres.volumes.*", handled("the stack has a volume of its own; data is moved with pg_dump and psql")],
  ["postgres.{mem_limit,shm_size}", converted(["postgres", "memory"], mebibytes, "a size like 1g")],
  ["postgres.deploy.resources.limits.memory", converted(["postgres", "memory"], mebibytes, "a size like 1g")],
  ["redis.image", handled("Redis is always an image of the stack's, for its supervision")],
  ["redis.command", serverCommand("redis", "the stack starts Redis itself, with a password that it mints")],
  ["redis.environment.*", handled("the stack mints the broker's passwords")],
  ["redis.volumes.*", handled("the stack has a volume of its own; let the queues run empty before you move")],
  ["redis.mem_limit", converted(["redis", "memory"], mebibytes, "a size like 1g")],
  ["redis.deploy.resources.limits.memory", converted(["redis", "memory"], mebibytes, "a size like 1g")],
  ["{postgres,redis}.{secrets,configs}.**", handled("the stack mints the passwords of its servers")],
  ["{postgres,redis}.{user,entrypoint,profiles,build}", unnecessary],
  ["{postgres,redis}.labels.**", unnecessary],
  ["{postgres,redis}.{cpus,cpu_shares}", sameNumbers],
  ["{postgres,redis}.deploy.resources.limits.cpus", sameNumbers],
  ["{postgres,redis}.ports.*", unsupported("only the webserver and Flower are published")],
  ["foreign.**", unsupported("the stack has no such service: run it beside the stack")],
  ["*.healthcheck", health],
  ["*.depends_on", order],
  ["*.restart", restart],
  ["*.deploy.restart_policy", restart],
  ["*.{container_name,hostname}", names],
  ["*.{expose,networks,links}", network],
  ["*.{init,tty,stdin_open,working_dir,pull_policy,platform,stop_signal}", unnecessary],
  [
    "*.deploy.{mode,update_config,rollback_config,endpoint_mode,labels}",
    handled("the stack decides how roles are replaced"),
  ],
  ["*.deploy.placement.**", unsupported("machines decide where roles run")],
  ["*.{attach,develop,oom_score_adj,oom_kill_disable,read_only,tmpfs,volumes_from,dns,dns_search}", engine],
  ["*.logging", handled("each container keeps three files of 10 MB")],
  ["*.stop_grace_period", handled("each role has a grace period of its own")],
  [
    "*.{privileged,cap_add,cap_drop,security_opt,devices,network_mode,pid,ipc,shm_size,ulimits,sysctls}",
    engine,
  ],
];

/** Rules for keys outside services. */
export const outsideRules: readonly Rule<undefined>[] = [
  ["{version,name}", names],
  ["{secrets,configs}.**", handled("roles that name it get it")],
  ["volumes.*", handled("the stack has volumes of its own")],
  [
    "networks.*.external",
    unsupported("the stack's roles are in no other network: use extraHosts, or addresses"),
  ],
  ["networks.**", network],
];
