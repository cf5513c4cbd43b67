import { counterOf } from "../../roles.ts";
import { convertExtraCommands, startedByStack } from "../commands.ts";
import { convertVariable } from "../environment.ts";
import { convertImage, parseImage } from "../image.ts";
import {
  conversionRule,
  empty,
  handled,
  type ImportRule,
  type Item,
  type Outcome,
  taken,
  targetsOf,
  unreadableValue,
  unset,
  unsupported,
  withTodo,
} from "../rule.ts";
import { checkExecutor, convertAutoscale, convertConcurrency, type ImportContext } from "../settings.ts";
import { at, plainAt } from "../source.ts";
import { convertCores, convertMebibytes, convertSeconds, parseInteger } from "../units.ts";
import { builtVersion } from "./container.ts";
import {
  type ComposeContext,
  groupPaths,
  isAutoscaled,
  readingGroups,
  rolesOf,
  roleTargets,
  singleRolesOf,
  takenByRoles,
} from "./context.ts";
import { ports } from "./openings.ts";
import { convertPuckelVariable, puckelHome } from "./puckel.ts";
import { configFile, secretFile, secretText } from "./secretFiles.ts";
import { serverCommand } from "./servers.ts";
import type { ComposeService } from "./services.ts";
import { volume, volumeDefinition } from "./volumes.ts";
import type { Flags } from "./worker.ts";

/** Makes a rule that takes over a size, for roles and for groups of workers; `workerKey` is that of the default group. */
function sizeRule(convert: (value: unknown) => unknown, allowed: string, key: string, workerKey: string) {
  return ({ value }: Item, context: ComposeContext): Outcome => {
    const size = convert(value);
    if (size === undefined) return unreadableValue(allowed);
    const groups = groupPaths(context).map((group) => (group.length > 0 ? [...group, key] : [workerKey]));
    const paths = singleRolesOf(context).flatMap((role) =>
      role === "worker" ? groups : [["roles", role, key]],
    );
    return takenByRoles(paths.map((path) => ({ path, value: size })));
  };
}

export function composeImportContext(context: ComposeContext): ImportContext {
  return {
    isOwn: (host) => context.hosts.has(host),
    metadataUrl: context.metadataUrl,
    groups: (setting) => readingGroups(context, setting),
    version: context.version,
    secretFile: (path) => secretText(path, context),
  };
}

/** Checks the executor, if its variable has a value. */
function convertExecutor({ value, leaves: [leaf], unset: unsetVariables = [] }: Item): Outcome {
  const text = String(value ?? "");
  if (text === "") return unsetVariables.length > 0 ? unset : empty;
  const className = /^(Celery|Local|Sequential)$/.test(text) ? `${text}Executor` : text;
  return checkExecutor(className, `${leaf?.file}:${leaf?.line}`);
}

function convertEnvironment(item: Item, context: ComposeContext): Outcome {
  const {
    match: [name = ""],
    value,
  } = item;
  const text = String(value ?? "");
  const isPuckels = context.home === puckelHome;
  if (name === "AIRFLOW__CORE__EXECUTOR" || (name === "EXECUTOR" && isPuckels)) return convertExecutor(item);
  const puckels = isPuckels ? convertPuckelVariable(name, text) : undefined;
  if (puckels) return puckels;
  const outcome = convertVariable({
    ...composeImportContext(context),
    name,
    value: text,
    roles: rolesOf(context),
  });
  const groups = new Set(context.services.flatMap(({ worker }) => (worker ? [worker.group] : [])));
  const isOfWorkers = targetsOf(outcome).some(({ path }) => path[0] === "roles" && path[1] === "worker");
  return isOfWorkers && groupPaths(context).length < groups.size
    ? withTodo(outcome, "all workers get it, since a group of them has no variables of its own")
    : outcome;
}

const replicas = ({ value }: Item, context: ComposeContext): Outcome => {
  const count = parseInteger(value);
  const [user] = context.users;
  if (count === undefined || !user) return unreadableValue("a whole number");
  const groups = context.users.flatMap(({ worker }) => (worker ? [worker.group] : []));
  if (groups.length > 0) {
    const targets = groups.map(({ path, workers }) => ({ path: [...path, "workers"], value: workers }));
    return { kind: "taken", targets };
  }
  const [key] = user.roles.flatMap((role) => counterOf(role) ?? []);
  if (key) return taken([key], count);
  return count === 1 ? handled("there is one") : unsupported("the stack runs one instance of it");
};

const memory = sizeRule(convertMebibytes, "a size like 2g", "memory", "workerMemory");
const cpu = sizeRule(convertCores, "a number of cores", "cpu", "workerCpu");

const sharedMemory = ({ value }: Item, context: ComposeContext): Outcome => {
  const size = convertMebibytes(value);
  return size === undefined
    ? unreadableValue("a size like 1g")
    : takenByRoles(roleTargets(context, ["sharedMemory"], size));
};

/** Takes over the flags of a worker's command. */
function takeFlags(
  { flags, group: { path, queues } }: NonNullable<ComposeService["worker"]>,
  context: ComposeContext,
): Outcome {
  const size = sizeOf(flags, { ...composeImportContext(context), groups: () => [path] }, context);
  const { others } = flags;
  const targets = [
    ...(path.length > 0 ? [{ path: [...path, "queues"], value: queues }] : []),
    ...(size ? targetsOf(size) : []),
  ];
  const note = others.length === 0 ? undefined : `without a counterpart: ${others.join(" ")}`;
  const todo = size?.kind === "unsupported" ? `its concurrency: ${size.why}` : undefined;
  if (targets.length > 0) return { kind: "taken", targets, note, todo };
  const why = todo ?? note;
  return why === undefined ? startedByStack : unsupported(why);
}

/** Converts the number of a worker's processes; with limits of autoscaling, Celery does not read the number. */
function sizeOf(
  { concurrency, autoscale }: Flags,
  context: ImportContext,
  { users }: ComposeContext,
): Outcome | undefined {
  if (autoscale !== undefined) return convertAutoscale(autoscale, context);
  const isRead = concurrency !== undefined && !users.some(({ tree }) => isAutoscaled(tree));
  return isRead ? convertConcurrency(concurrency, context) : undefined;
}

const command = (_: Item, context: ComposeContext): Outcome => {
  const [user] = context.users;
  const worker = context.users.find((service) => service.worker)?.worker;
  const outcome = worker ? takeFlags(worker, context) : startedByStack;
  const extra = convertExtraCommands(
    user && plainAt(user.tree, ["entrypoint"]),
    user && plainAt(user.tree, ["command"]),
  );
  const targets = [...targetsOf(outcome), ...extra.targets];
  const own = outcome.kind === "unsupported" ? outcome.why : outcome.kind === "taken" && outcome.todo;
  const left = own ? [own, ...extra.left] : extra.left;
  const todo = left.length > 0 ? left.join("; ") : undefined;
  if (targets.length === 0) return todo === undefined ? outcome : unsupported(todo);
  return { kind: "taken", targets, note: outcome.kind === "taken" ? outcome.note : undefined, todo };
};

/** Reads an entrypoint together with the command, whose item has the outcome if there is one. */
const entrypoint = (item: Item, context: ComposeContext): Outcome =>
  context.users.some(({ tree }) => at(tree, ["command"])) ? startedByStack : command(item, context);

const grace = (item: Item, { users }: ComposeContext): Outcome =>
  users.some(({ worker }) => worker)
    ? conversionRule(["workerGraceSeconds"], convertSeconds, "a time like 5m")(item)
    : handled("each role has a grace period of its own");

const label = ({ match: [name = ""], value }: Item, context: ComposeContext): Outcome =>
  takenByRoles(roleTargets(context, ["labels", name], String(value ?? "")));

const image = ({ value }: Item, context: ComposeContext): Outcome => {
  const built = context.users
    .map(({ tree }) => builtVersion(tree, context))
    .find((version) => version !== undefined);
  return convertImage(parseImage(String(value)), { built });
};

const postgresImage = ({ value }: Item): Outcome => {
  const { repository } = parseImage(String(value));
  const isOfficialOne = /^(docker\.io\/)?(library\/)?postgres$/.test(repository);
  const isCopy = /(^|\/)postgres$/.test(repository) && !/bitnami/.test(repository);
  return isOfficialOne || !isCopy
    ? handled("the stack has an image of Postgres; data is not moved: see pg_dump")
    : taken(["images", "postgres"], value);
};

const serverMemory = (item: Item): Outcome =>
  conversionRule([String(item.path[0]), "memory"], convertMebibytes, "a size like 1g")(item);

const sameNumbers = handled("the stack reserves resources for each role");
const network = handled("the stack has a network of its own");
const health = handled("each role is checked by the stack, and restarted when it hangs");
const order = handled("the stack starts things in their order, the migration first");
const restart = handled("each role is restarted when it stops");
const names = handled("names are the stack's");
const always = handled("it always runs");
const unnecessary = handled("the stack does not need it");
const engine = unsupported("containers are set up by the stack");

export const composeRules: readonly ImportRule<ComposeContext>[] = [
  ["airflow.image", image],
  [
    "airflow.build",
    unsupported(
      "build it (docker build), and name it as images.airflow; or list its packages: requirements, systemPackages",
    ),
  ],
  ["airflow.environment.*", convertEnvironment, "counts"],
  ["airflow.command", command],
  ["airflow.entrypoint", entrypoint],
  ["airflow.ports.*", ports],
  ["airflow.volumes.*", volume],
  ["airflow.secrets.*", secretFile],
  ["airflow.configs.*", configFile],
  ["airflow.{scale,replicas}", replicas],
  ["airflow.deploy.replicas", replicas],
  ["airflow.mem_limit", memory],
  ["airflow.deploy.resources.limits.memory", memory],
  ["airflow.shm_size", sharedMemory],
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
  ["postgres.mem_limit", serverMemory],
  ["postgres.shm_size", handled("half of postgres.memory may be shared")],
  ["redis.image", handled("Redis is always an image of the stack's, for its supervision")],
  ["redis.command", serverCommand("redis", "the stack starts Redis itself, with a password that it mints")],
  ["redis.environment.*", handled("the stack mints the broker's passwords")],
  ["redis.volumes.*", handled("the stack has a volume of its own; let the queues run empty before you move")],
  ["redis.mem_limit", serverMemory],
  ["{postgres,redis}.deploy.resources.limits.memory", serverMemory],
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
export const outsideRules: readonly ImportRule<undefined>[] = [
  ["{version,name}", names],
  ["{secrets,configs}.**", handled("roles that name it get it")],
  ["volumes.*", volumeDefinition],
  [
    "networks.*.external",
    unsupported("the stack's roles are in no other network: use extraHosts, or addresses"),
  ],
  ["networks.**", network],
];
