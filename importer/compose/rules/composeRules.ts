import { convertImage, convertVersion, isOfficial, parseImage } from "../../image.ts";
import {
  conversionRule,
  handled,
  type ImportRule,
  type Item,
  type Outcome,
  taken,
  unreadableValue,
  unsupported,
  withTodo,
} from "../../rule.ts";
import { plainAt } from "../../source.ts";
import { convertCores, convertMebibytes, convertSeconds } from "../../units.ts";
import { builtVersion } from "../container.ts";
import { type ComposeContext, groupPaths, roleTargets, singleRolesOf, takenByRoles } from "../context.ts";
import { command, entrypoint } from "./command.ts";
import { replicas } from "./counts.ts";
import { convertEnvironment } from "./environment.ts";
import { ports } from "./openings.ts";
import { secretFile } from "./secretFiles.ts";
import { serverCommand, serverConfig, serverVolume } from "./servers.ts";
import { configFile, hasDags, volume, volumeDefinition } from "./volumes.ts";

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

const memory = sizeRule(convertMebibytes, "a size like 2g", "memory", "workerMemory");
const cpu = sizeRule(convertCores, "a number of cores", "cpu", "workerCpu");

const sharedMemory = ({ value }: Item, context: ComposeContext): Outcome => {
  const size = convertMebibytes(value);
  return size === undefined
    ? unreadableValue("a size like 1g")
    : takenByRoles(roleTargets(context, ["sharedMemory"], size));
};

const mode = ({ value }: Item): Outcome =>
  value === "global"
    ? unsupported("one on each machine is no number: expected workers, or those of machines")
    : handled("their number is taken over");

const grace = (item: Item, { users }: ComposeContext): Outcome =>
  users.some(({ worker }) => worker)
    ? conversionRule(["workerGraceSeconds"], convertSeconds, "a time like 5m")(item)
    : handled("each role has a grace period of its own");

const label = ({ match: [name = ""], value }: Item, context: ComposeContext): Outcome =>
  takenByRoles(roleTargets(context, ["labels", name], String(value ?? "")));

function builtVersionOf(context: ComposeContext): string | undefined {
  return context.users
    .map(({ tree }) => builtVersion(tree, context))
    .find((version) => version !== undefined);
}

const dagsInImage =
  "no folder of DAGs is mounted: if the image has them, copy them into a folder, and name it in dags";

const image = ({ value }: Item, context: ComposeContext): Outcome => {
  const parsed = parseImage(String(value));
  const outcome = convertImage(parsed, { built: builtVersionOf(context) });
  return isOfficial(parsed) || hasDags(context) ? outcome : withTodo(outcome, dagsInImage);
};

const build = (_: Item, context: ComposeContext): Outcome => {
  const built = builtVersionOf(context);
  const version = built === undefined ? undefined : convertVersion(built);
  const note = version?.kind === "taken" ? version.note : version?.why;
  const how =
    "build it (docker build), and name it as images.airflow; or list its packages: requirements, systemPackages";
  const isTold = hasDags(context) || context.users.some(({ tree }) => plainAt(tree, ["image"]) !== undefined);
  const parts = [...(note === undefined ? [] : [note]), how, ...(isTold ? [] : [dagsInImage])];
  return unsupported(parts.join("; "));
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

const logging = ({ value }: Item): Outcome =>
  /^(json-file|local)$/.test(Object(value).driver ?? "local")
    ? handled("each container keeps three files of 10 MB")
    : unsupported("each container keeps its output in files: collect it from the engine");

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
  ["airflow.build", build],
  ["airflow.environment.*", convertEnvironment, "counts"],
  ["airflow.command", command],
  ["airflow.entrypoint", entrypoint],
  ["airflow.ports.*", ports],
  ["airflow.volumes.*", volume],
  ["airflow.secrets.*", secretFile],
  ["airflow.configs.*", configFile],
  ["airflow.{scale,replicas}", replicas],
  ["airflow.deploy.replicas", replicas],
  ["airflow.deploy.mode", mode],
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
  [
    "postgres.environment.POSTGRES_INITDB_ARGS",
    unsupported("the stack's Postgres is made with options of its own"),
  ],
  ["postgres.environment.*", handled("the stack names its databases and logins, and mints their passwords")],
  [
    "postgres.volumes.*",
    serverVolume("postgres", "the stack has a volume of its own; data is moved with pg_dump and psql"),
  ],
  ["postgres.configs.*", serverConfig("postgres")],
  ["postgres.mem_limit", serverMemory],
  ["postgres.shm_size", handled("half of postgres.memory may be shared")],
  ["redis.image", handled("Redis is always an image of the stack's, for its supervision")],
  ["redis.command", serverCommand("redis", "the stack starts Redis itself, with a password that it mints")],
  ["redis.environment.*", handled("the stack mints the broker's passwords")],
  [
    "redis.volumes.*",
    serverVolume("redis", "the stack has a volume of its own; let the queues run empty before you move"),
  ],
  ["redis.configs.*", serverConfig("redis")],
  ["redis.mem_limit", serverMemory],
  ["{postgres,redis}.deploy.resources.limits.memory", serverMemory],
  ["{postgres,redis}.secrets.**", handled("the stack mints the passwords of its servers")],
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
  ["{airflow,postgres,redis}.logging", logging],
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
