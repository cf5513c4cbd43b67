import { environmentVariable } from "../environment.ts";
import { airflowImage, airflowVersion, spellImage } from "../image.ts";
import {
  converted,
  handled,
  type Item,
  type Outcome,
  type Rule,
  secret,
  type Target,
  taken,
  unsupported,
} from "../rule.ts";
import { given, type IsOwn, isExample, minted, type SecretReference } from "../secrets.ts";
import { checkedExecutor, type ImportContext, setting, signing } from "../settings.ts";
import type { Path } from "../source.ts";
import { cores, integer, mebibytes } from "../units.ts";

/** Looks up other values, by dotted path. */
export type Values = (path: string) => unknown;

const isTemplate = (value: unknown) => typeof value === "string" && value.includes("{{");
const template = unsupported("it is a template of Helm's: give what it becomes");
const off = handled("it is off");
const whole = "a whole number";

/** Roles of the stack, by their names in the chart. */
const roles: Readonly<Record<string, string>> = {
  workers: "worker",
  scheduler: "scheduler",
  webserver: "webserver",
  apiServer: "webserver",
  triggerer: "triggerer",
  dagProcessor: "dag-processor",
  flower: "flower",
  createUserJob: "migration",
  migrateDatabaseJob: "migration",
};
const anyRole = `{${Object.keys(roles).join(",")}}`;
const chartRoles = `{${Object.keys(roles)
  .filter((name) => name !== "workers")
  .join(",")}}`;

/** Hosts of the chart's own services are templates, or empty. */
const isOwn: IsOwn = (host) => host.includes("{{");
const surroundings: ImportContext = { isOwn, groups: [] };

/** Group of a path: `workers.celery.sets.0` is the first group; other paths belong to the default group. */
function groupOf(path: Path): Path {
  return path[2] === "sets" && typeof path[3] === "number" ? ["workerGroups", path[3]] : [];
}

function ofWorkers(item: Item, own: string, inGroup: string, value: unknown): Outcome {
  const group = groupOf(item.path);
  return taken(group.length > 0 ? [...group, inGroup] : [own], value);
}

/** Refers to a Secret by name, with the key that the chart uses in it. */
function named(path: Path, key: string, note?: string) {
  return ({ value }: Item): Outcome => taken(path, { secret: value, key }, note);
}

function kept(path: Path) {
  return ({ value }: Item): Outcome => (isTemplate(value) ? template : given(path, String(value)));
}

interface NamedValue {
  readonly name?: string;
  readonly envName?: string;
  readonly secretName?: string;
  readonly secretKey?: string;
  readonly value?: unknown;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** Reads `{ name, value }`, `{ name, valueFrom }`, or `{ envName, secretName, secretKey }`. */
function environment(role: (item: Item) => readonly string[]) {
  return (item: Item): Outcome => {
    const { name, envName, secretName, secretKey, value, valueFrom } = (item.value ?? {}) as NamedValue;
    const variable = name ?? envName;
    if (variable === undefined) return unsupported("it has no name");
    if (isTemplate(value) || isTemplate(secretName)) return template;
    const { secretKeyRef: ref } = valueFrom ?? {};
    if (valueFrom && !ref) return unsupported("expected a value, or a key of a Secret");
    const from =
      ref ?? (secretName !== undefined && secretKey !== undefined && { name: secretName, key: secretKey });
    const text: SecretReference | undefined = from
      ? { secret: from.name, key: from.key }
      : String(value ?? "");
    if (variable === "AIRFLOW__CORE__EXECUTOR") return executor({ ...item, value });
    return environmentVariable({ ...surroundings, name: variable, value: text, roles: role(item) });
  };
}

function executor({ value, leaves: [leaf] }: Item): Outcome {
  return checkedExecutor(value, `${leaf?.file}:${leaf?.line}`);
}

const config = ({ match: [section = "", key = ""], value, ...item }: Item): Outcome => {
  if (section === "core" && key === "executor") return executor({ ...item, value, match: [] });
  if (isTemplate(value))
    return /statsd|remote_logging|flower_url_prefix/.test(key)
      ? handled("it follows from what else the values say")
      : decidedTemplate(section);
  return setting(section.toLowerCase(), key.toLowerCase(), String(value), surroundings);
};

/** Outcome of a template, such as the chart's defaults: the stack decides some of these settings. */
function decidedTemplate(section: string): Outcome {
  return /^(core|scheduler|dag_processor|kerberos|kubernetes.*)$/.test(section)
    ? handled("the stack decides it")
    : template;
}

interface Connection {
  readonly host?: string | null;
  readonly user?: string;
  readonly pass?: string;
}

const metadataConnection = ({ value }: Item, values: Values): Outcome => {
  const { host } = (value ?? {}) as Connection;
  if (values("data.metadataSecretName")) return handled("the Secret that is named goes before it");
  if (!host || isTemplate(host))
    return handled("the stack has a Postgres of its own, with passwords that it mints");
  return secret(["postgres", "url"], "as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…");
};

const resultConnection = ({ value }: Item, values: Values): Outcome => {
  const { host } = (value ?? {}) as Connection;
  if (values("data.resultBackendSecretName")) return handled("the Secret that is named goes before it");
  if (!host || isTemplate(host))
    return handled("the stack keeps results in its own Postgres, with a login of their own");
  return secret(["postgres", "resultsUrl"], "as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…");
};

const brokerUrl = (item: Item): Outcome =>
  isTemplate(item.value) ? template : setting("celery", "broker_url", String(item.value), surroundings);

interface ImageValue {
  readonly repository?: string;
  readonly tag?: string | number;
  readonly digest?: string;
}

/** Airflow's image, which several keys specify together. */
export function airflowImageOf(values: Values): Outcome | undefined {
  const { repository, tag, digest } = (values("images.airflow") ?? {}) as ImageValue;
  const image = {
    repository: repository ?? values("defaultAirflowRepository") ?? "apache/airflow",
    tag: tag ?? values("defaultAirflowTag") ?? values("airflowVersion"),
    digest: digest ?? values("defaultAirflowDigest"),
  };
  const isSaid =
    [repository, tag, digest].some(Boolean) ||
    values("defaultAirflowRepository") ||
    values("defaultAirflowTag") ||
    values("defaultAirflowDigest");
  if (!isSaid) return undefined;
  const text = (one: unknown) => (one === null || one === undefined || one === "" ? undefined : String(one));
  return airflowImage(
    { repository: String(image.repository), tag: text(image.tag), digest: text(image.digest) },
    true,
  );
}

const airflow = (_: Item, values: Values): Outcome =>
  airflowImageOf(values) ?? handled("it is the official one");

/** Takes over a custom image; the stack builds the official ones itself. */
function image(name: string, officials: RegExp) {
  return (_: Item, values: Values): Outcome => {
    const { repository, tag, digest } = (values(`images.${name}`) ?? {}) as ImageValue;
    if (!repository || officials.test(repository))
      return handled("the stack has an image of its own: npm run images");
    const reference = spellImage({ repository, tag: tag === undefined ? undefined : String(tag), digest });
    return taken(["images", name], reference);
  };
}

const keda = (item: Item, values: Values): Outcome => {
  const prefix = item.path.slice(0, -1).join(".");
  const part = item.match.at(-1);
  if (values(`${prefix}.enabled`) !== true) return off;
  const group = groupOf(item.path);
  const path = group.length > 0 ? [...group, "autoscale"] : ["workerAutoscale"];
  const min = integer(values(`${prefix}.minReplicaCount`) ?? 0);
  const max = integer(values(`${prefix}.maxReplicaCount`) ?? 10);
  if (part === "enabled")
    return {
      kind: "taken",
      targets: [
        { path: [...path, "min"], value: min },
        { path: [...path, "max"], value: max },
      ],
    };
  return part === "minReplicaCount" ? taken([...path, "min"], min) : taken([...path, "max"], max);
};

/** True if KEDA scales a group; the default group's values are in `workers.celery` or in `workers`. */
export function scaled(path: Path, values: Values): boolean {
  if (path[2] === "sets") return values(`${path.slice(0, 4).join(".")}.keda.enabled`) === true;
  return values("workers.celery.keda.enabled") === true || values("workers.keda.enabled") === true;
}

const replicas = (item: Item, values: Values): Outcome => {
  const count = integer(item.value);
  if (count === undefined) return unsupported(`it cannot be read: expected ${whole}`);
  if (scaled(item.path, values)) return handled("their number follows the length of the queue");
  const isOnNodes = groupOf(item.path).length === 0 && Object.keys(workerNodes(values)).length > 0;
  return isOnNodes ? taken(["machines", 0, "workers"], count) : ofWorkers(item, "workers", "workers", count);
};

/** Node labels for the default group. */
export function workerNodes(values: Values): Readonly<Record<string, string>> {
  if (scaled(["workers"], values)) return {};
  const chosen = [
    values("workers.celery.nodeSelector"),
    values("workers.nodeSelector"),
    values("nodeSelector"),
  ];
  return (chosen.find((one) => one && Object.keys(one).length > 0) ?? {}) as Readonly<Record<string, string>>;
}

const nodes = (item: Item, values: Values): Outcome => {
  const group = groupOf(item.path);
  if (group.length > 0) return taken([...group, "nodeLabels"], item.value);
  if (scaled(item.path, values))
    return unsupported(
      "workers that follow the queue run on any node: make them a worker group with nodeLabels",
    );
  return taken(["machines", 0, "labels"], item.value);
};

/** Applies to workers, too, unless they have their own nodes. */
const everyNode = ({ value }: Item, values: Values): Outcome => {
  const control: Target = { path: ["kubernetes", "controlLabels"], value };
  const machine: Target = { path: ["machines", 0, "labels"], value };
  const isTheirs = JSON.stringify(workerNodes(values)) === JSON.stringify(value);
  return { kind: "taken", targets: isTheirs ? [control, machine] : [control] };
};

interface ChartToleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

const tolerations = (item: Item): Outcome => {
  const group = groupOf(item.path);
  const index = item.path.at(-1);
  if (group.length === 0 || typeof index !== "number")
    return unsupported("only worker groups have tolerations, in a list");
  const { key, value, effect } = (item.value ?? {}) as ChartToleration;
  const made = { key, ...(value !== undefined && { value }), effect };
  return taken([...group, "tolerations", index], made);
};

function resource(kind: "memory" | "cpu") {
  const convert = kind === "memory" ? mebibytes : cores;
  return (item: Item): Outcome => {
    const value = convert(item.value);
    if (value === undefined) return unsupported("it cannot be read: expected a quantity");
    const role = String(item.path[0]);
    if (role === "workers")
      return ofWorkers(item, kind === "memory" ? "workerMemory" : "workerCpu", kind, value);
    return taken(["roles", roles[role] ?? role, kind], value);
  };
}

const gitSync = (item: Item, values: Values): Outcome => {
  if (values("dags.gitSync.enabled") !== true) return handled("it is off");
  const text = String(item.value);
  const ref = text.replace(/^refs\/(heads|tags)\//, "");
  const meanings: Readonly<Record<string, Outcome>> = {
    enabled: handled("dagsGit is what turns it on"),
    repo: taken(["dagsGit", "url"], text),
    branch: taken(["dagsGit", "ref"], ref),
    ref: taken(["dagsGit", "ref"], ref),
    rev: text === "HEAD" ? handled("the newest of the branch is read") : taken(["dagsGit", "ref"], ref),
    subPath: taken(["dagsGit", "folder"], text.replace(/^\/+|\/+$/g, "")),
    credentialsSecret: unsupported("the stack reads repositories without a login"),
    sshKeySecret: unsupported("the stack reads repositories by https, without a login"),
    knownHosts: unsupported("the stack reads repositories by https"),
    env: unsupported("there is no container for it: Airflow reads the repository by itself"),
  };
  return meanings[item.match[0] ?? ""] ?? handled("Airflow reads the repository by itself, every 30 s");
};

const dagsClaim = (_: Item, values: Values): Outcome =>
  values("dags.persistence.enabled") === true
    ? unsupported("a cluster has its DAGs from an image (dagsImage) or from Git (dagsGit)")
    : off;

/** True if an ingress is on; the API server's replaces the webserver's. */
function ingressOf(values: Values, name: string): boolean {
  const isOn = (which: string) =>
    values(`ingress.${which}.enabled`) === true || values("ingress.enabled") === true;
  if (name !== "web" || !isOn("apiServer")) return isOn(name);
  return false;
}

function hostPath(name: string): Path {
  return ["kubernetes", "ingress", name === "flower" ? "flower" : "webserver"];
}

function ingress(part: "class" | "tlsSecret" | "host") {
  return ({ match: [name = ""], value }: Item, values: Values): Outcome => {
    if (!ingressOf(values, name)) return off;
    return taken(part === "host" ? hostPath(name) : ["kubernetes", "ingress", part], value);
  };
}

interface Host {
  readonly name?: string;
  readonly tls?: { readonly secretName?: string };
}

/** Reads a host name, or an object with a name and its TLS secret. */
const ingressHost = ({ match: [name = "", index], value }: Item, values: Values): Outcome => {
  if (!ingressOf(values, name)) return off;
  if (index !== "0") return unsupported("the stack has one host name for it");
  const { name: host, tls }: Host = typeof value === "string" ? { name: value } : (value as Host);
  const secretOf: Target[] = tls?.secretName
    ? [{ path: ["kubernetes", "ingress", "tlsSecret"], value: tls.secretName }]
    : [];
  return { kind: "taken", targets: [{ path: hostPath(name), value: host }, ...secretOf] };
};

const ingressSwitch = ({ match: [name = ""] }: Item, values: Values): Outcome =>
  ingressOf(values, name) ? handled("kubernetes.ingress is what turns it on") : off;

const storage = (key: string) => ({ path: ["kubernetes", "storage", key] });

function claim(key: string, flag: string) {
  return ({ value }: Item, values: Values): Outcome =>
    values(flag) === false ? handled("the stack keeps it in a volume") : taken(storage(key).path, value);
}

/** Workers' volumes keep the logs, unless one volume keeps all logs. */
const workerLogs = (item: Item, values: Values): Outcome => {
  if (values("logs.persistence.enabled") === true)
    return handled("logs are in the volume of logs.persistence");
  const key = item.match.at(-1) === "size" ? "logs" : "sharedClass";
  return taken(storage(key).path, item.value);
};

const pool = (item: Item, values: Values): Outcome => {
  if (values("pgbouncer.enabled") !== true) return off;
  const number = integer(item.value);
  if (number === undefined) return unsupported(`it cannot be read: expected ${whole}`);
  const key = item.match[0];
  if (key === "maxClientConn") return taken(["pgbouncer", "clients"], number);
  if (key === "metadataPoolSize") return taken(["pgbouncer", "poolSize"], number);
  const same = number === integer(values("pgbouncer.metadataPoolSize") ?? 10);
  return same
    ? taken(["pgbouncer", "poolSize"], number)
    : unsupported("results have as many connections as the metadata: pgbouncer.poolSize");
};

const user = ({ match: [, field], value }: Item): Outcome => {
  if (field === "username") return taken(["adminUser"], value);
  if (field === "password")
    return isExample(value) ? minted : given(["secrets", "adminPassword"], String(value));
  if (field === "enabled" || (field === "role" && value === "Admin"))
    return handled("the stack makes the first administrator");
  return unsupported("the first administrator has a login and a password, and no more");
};

interface Alias {
  readonly ip?: string;
  readonly hostnames?: readonly string[];
}

const alias = ({ value }: Item): Outcome => {
  const { ip, hostnames = [] } = (value ?? {}) as Alias;
  return { kind: "taken", targets: hostnames.map((host) => ({ path: ["extraHosts", host], value: ip })) };
};

const labels = ({ match, value, path }: Item): Outcome => {
  const role = roles[String(path[0])];
  const name = match.at(-1) ?? "";
  return taken(role ? ["roles", role, "labels", name] : ["labels", name], String(value));
};

const pullSecret = ({ value, path: [first, index = 0] }: Item): Outcome => {
  if (first !== "registry" && typeof index !== "number") return unsupported("expected a list");
  const { name = value } = Object(value) as { name?: unknown };
  return taken(["kubernetes", "pullSecrets", typeof index === "number" ? index : 0], name);
};

const enabledRole = ({ value, match: [name = ""] }: Item): Outcome =>
  value === true
    ? handled("it always runs")
    : unsupported(`the stack always has it (${roles[name] ?? name})`);

const counted: Readonly<Record<string, string>> = {
  scheduler: "schedulers",
  webserver: "webservers",
  apiServer: "webservers",
};

const roleReplicas = (item: Item): Outcome => {
  const key = counted[item.match[0] ?? ""];
  const number = integer(item.value);
  if (number === undefined) return unsupported(`it cannot be read: expected ${whole}`);
  if (key) return taken([key], number);
  return number === 1 ? handled("there is one") : unsupported("the stack has one of it");
};

const onlyIf =
  (flag: string, why: string) =>
  (_: Item, values: Values): Outcome =>
    values(flag) === true ? unsupported(why) : off;

/** Applies a rule to the three places where the chart configures workers. */
function workersRules(key: string, outcome: Rule<Values>[1]): Rule<Values>[] {
  return ["workers", "workers.celery", "workers.celery.sets.*"].map((prefix) => [
    `${prefix}.${key}`,
    outcome,
  ]);
}

const probes = handled("each role is checked by the stack, and restarted when it hangs");
const pods = handled("every pod is admitted under Pod Security restricted");
const accounts = handled("pods have no token of the API");
const commandLine = handled("the stack starts each role itself");
const history = handled("the stack decides it");
const volumes = unsupported("no other volumes than the stack's: see roles, volumes and files");
const sidecars = unsupported("a pod has one container");
const annotations = unsupported("the stack has no annotations of yours");
const placing = unsupported("the stack spreads its roles itself; see nodeLabels and controlLabels");
const monitoring = "the stack has no StatsD exporter: name yours in settings.metrics";
const groomer = unsupported("the stack does not delete task logs");

export const chartRules: readonly Rule<Values>[] = [
  ["executor", executor],
  ["airflowVersion", ({ value }) => airflowVersion(String(value))],
  ["{defaultAirflowRepository,defaultAirflowTag,defaultAirflowDigest}", airflow],
  ["images.airflow.{repository,tag,digest}", airflow],
  [
    "images.redis.{repository,tag,digest}",
    handled("Redis is always an image of the stack's, for its supervision"),
  ],
  ["images.pgbouncer.{repository,tag,digest}", image("pgbouncer", /^(docker\.io\/)?apache\/airflow$/)],
  ["images.*.pullPolicy", handled("images are named by content")],
  [
    "images.{useDefaultImageForMigration,migrationsWaitTimeout}",
    handled("the migration has the image of the others"),
  ],
  ["images.gitSync.**", handled("Airflow reads the repository by itself")],
  ["images.{statsd,pgbouncerExporter}.**", off],
  ["images.{flower,pod_template}.**", unsupported("all roles have one image: images.airflow")],

  ["env.*", environment(() => ["all"])],
  ["extraEnv.*", environment(() => ["all"])],
  ["secret.*", environment(() => ["all"])],
  [`${anyRole}.env.*`, environment(({ path: [name] }) => [roles[String(name)] ?? ""])],
  ["workers.celery.env.*", environment(() => ["worker"])],
  ["extraEnvFrom", unsupported("name what you need of it: secret, or env with valueFrom")],
  [
    "extraSecrets.**",
    unsupported(
      "the stack does not make Secrets of yours: kubectl create secret, and name it where it is needed",
    ),
  ],
  [
    "extraConfigMaps.**",
    unsupported("the stack does not make ConfigMaps of yours: see roles, env and files"),
  ],
  ["enableBuiltInSecretEnvVars.**", handled("secrets reach roles as files")],

  ["fernetKey", kept(["secrets", "fernetKey"])],
  ["fernetKeySecretName", named(["secrets", "fernetKey"], "fernet-key")],
  ["{webserverSecretKey,apiSecretKey}", kept(["secrets", "apiSecretKey"])],
  ["webserverSecretKeySecretName", named(["secrets", "apiSecretKey"], "webserver-secret-key")],
  ["apiSecretKeySecretName", named(["secrets", "apiSecretKey"], "api-secret-key")],
  ["{jwtSecret,jwtSecretName}", signing],
  ["data.metadataConnection", metadataConnection],
  ["data.metadataSecretName", named(["postgres", "url"], "connection")],
  ["data.resultBackendConnection", resultConnection],
  [
    "data.resultBackendSecretName",
    named(["postgres", "resultsUrl"], "connection", "the URL in it has to be without db+"),
  ],
  ["data.brokerUrl", brokerUrl],
  ["data.brokerUrlSecretName", named(["redis", "url"], "connection")],

  ...workersRules("replicas", replicas),
  ...workersRules("resources.limits.memory", resource("memory")),
  ...workersRules("resources.limits.cpu", resource("cpu")),
  ...workersRules("keda.{enabled,minReplicaCount,maxReplicaCount}", keda),
  ...workersRules("keda.**", handled("the stack counts tasks that are queued and running")),
  ...workersRules(
    "hpa.enabled",
    unsupported("workers follow the length of their queues instead: workerAutoscale"),
  ),
  ...workersRules("hpa.**", off),
  ...workersRules("persistence.{size,storageClassName}", workerLogs),
  ...workersRules("persistence.**", handled("the stack keeps logs in a volume")),
  ...workersRules("nodeSelector", nodes),
  ...workersRules("tolerations.*", tolerations),
  ...workersRules("terminationGracePeriodSeconds", converted(["workerGraceSeconds"], integer, whole)),
  ["workers.celery.sets.*.name", (item) => taken([...groupOf(item.path), "name"], item.value)],
  [
    "workers.celery.sets.*.queue",
    (item) => taken([...groupOf(item.path), "queues"], String(item.value).split(",")),
  ],
  ["workers.queue", unsupported("the default group has the default queue: settings.operators.default_queue")],
  [
    "workers.celery.enableDefault",
    ({ value }) => (value === true ? handled("there is a default group") : taken(["workers"], 0)),
  ],
  ["workers.kubernetes.**", handled("only other executors read it")],
  [
    "workers.{safeToEvict,podManagementPolicy,useWorkerDedicatedServiceAccounts}",
    handled("a worker that is drained finishes its tasks first"),
  ],
  ["workers.{kerberosSidecar,kerberosInitContainer}.**", off],

  [`${chartRoles}.enabled`, enabledRole],
  [`${chartRoles}.replicas`, roleReplicas],
  [`${chartRoles}.resources.limits.memory`, resource("memory")],
  [`${chartRoles}.resources.limits.cpu`, resource("cpu")],
  [`${chartRoles}.hpa.**`, off],
  ["triggerer.keda.**", onlyIf("triggerer.keda.enabled", "the stack has one triggerer")],
  ["{webserver,apiServer,createUserJob}.defaultUser.*", user],
  ["flower.{username,password,secretName}", handled("Flower has the login of adminUser")],
  ["**.hostAliases.*", alias],
  [`${anyRole}.labels.*`, labels],
  ["labels.*", labels],

  [
    "redis.enabled",
    ({ value }) =>
      value === true
        ? handled("the stack has a Redis of its own")
        : handled("redis.url says which one instead"),
  ],
  ["redis.{password,passwordSecretName}", handled("the stack mints the broker's passwords")],
  ["redis.resources.limits.memory", converted(["redis", "memory"], mebibytes, "a quantity")],
  ["redis.persistence.size", claim("redis", "redis.persistence.enabled")],
  ["redis.persistence.storageClassName", claim("class", "redis.persistence.enabled")],
  ["redis.persistence.**", handled("the stack keeps queues in a volume")],
  [
    "postgresql.enabled",
    ({ value }) =>
      value === true
        ? handled("the stack has a Postgres of its own")
        : handled("postgres.url says which one instead"),
  ],
  ["postgresql.auth.**", handled("the stack names its databases and logins, and mints their passwords")],
  ["postgresql.image.**", handled("the stack has an image of its own: npm run images")],
  ["postgresql.primary.persistence.size", claim("postgres", "postgresql.primary.persistence.enabled")],
  ["postgresql.primary.persistence.storageClass", claim("class", "postgresql.primary.persistence.enabled")],
  ["postgresql.primary.resources.limits.memory", converted(["postgres", "memory"], mebibytes, "a quantity")],
  ["pgbouncer.enabled", ({ value }) => (value === true ? taken(["pgbouncer"], {}) : off)],
  ["pgbouncer.{metadataPoolSize,resultBackendPoolSize,maxClientConn}", pool],

  ["dags.gitSync.*", gitSync],
  ["dags.persistence.**", dagsClaim],
  [
    "logs.persistence.size",
    (item, values) =>
      values("logs.persistence.enabled") === true
        ? taken(["kubernetes", "storage", "logs"], item.value)
        : off,
  ],
  [
    "logs.persistence.storageClassName",
    (item, values) =>
      values("logs.persistence.enabled") === true
        ? taken(["kubernetes", "storage", "sharedClass"], item.value)
        : off,
  ],
  [
    "logs.persistence.existingClaim",
    onlyIf("logs.persistence.enabled", "the stack makes its volumes itself; what is in yours stays there"),
  ],
  ["logs.**", handled("the stack keeps logs in a volume")],

  ["ingress.enabled", handled("kubernetes.ingress is what turns it on")],
  ["ingress.{web,apiServer,flower}.enabled", ingressSwitch],
  ["ingress.{web,apiServer,flower}.host", ingress("host")],
  ["ingress.{web,apiServer,flower}.hosts.*", ingressHost],
  ["ingress.{web,apiServer,flower}.ingressClassName", ingress("class")],
  ["ingress.{web,apiServer,flower}.tls.secretName", ingress("tlsSecret")],
  ["ingress.*.{path,pathType}", handled("it is published at /")],
  ["ingress.{statsd,pgbouncer}.**", off],
  ["ingress.**.tls.enabled", handled("what is published has TLS, always")],

  ["registry.secretName", pullSecret],
  ["imagePullSecrets.*", pullSecret],
  [
    "registry.connection.**",
    unsupported(
      "make a Secret with it (kubectl create secret docker-registry), and name it in kubernetes.pullSecrets",
    ),
  ],
  ["nodeSelector", everyNode],
  ["config.*.*", config],
  ["networkPolicies.enabled", handled("NetworkPolicies allow what the roles need, and nothing else")],
  ["statsd.enabled", ({ value }) => (value === true ? unsupported(monitoring) : off)],
  ["statsd.**", onlyIf("statsd.enabled", monitoring)],
  ["{rbac,serviceAccount}.**", accounts],
  ["**.serviceAccount.**", accounts],
  ["{uid,gid}", handled("Airflow runs as 50000:0")],
  ["*.{uid,gid}", pods],
  ["airflowHome", handled("it is /opt/airflow")],
  [
    "airflowLocalSettings",
    (item) =>
      isTemplate(item.value)
        ? handled("it is the chart's own warning")
        : unsupported("airflow_local_settings.py is the stack's own"),
  ],
  ["{fullnameOverride,nameOverride,useStandardNaming,namespaceOverride}", handled("names are the stack's")],
  [
    "{allowPodLaunching,allowJobLaunching,multiNamespaceMode,podTemplate}",
    handled("only other executors read it"),
  ],
  [
    "{cleanup,kerberos,elasticsearch,opensearch}.enabled",
    ({ value }) => (value === true ? unsupported("the stack has no such thing") : off),
  ],
  [
    "{cleanup,kerberos,elasticsearch,opensearch}.**",
    (item, values) =>
      values(`${item.match[0]}.enabled`) === true ? unsupported("the stack has no such thing") : off,
  ],
  ["databaseCleanup.**", onlyIf("databaseCleanup.enabled", "run airflow db clean yourself, or from a DAG")],
  ["ports.**", handled("ports inside the cluster are the stack's")],
  ["priorityClasses.**", handled("control roles have priority over workers")],
  ["**.priorityClassName", handled("control roles have priority over workers")],

  ["**.{livenessProbe,readinessProbe,startupProbe}", probes],
  ["**.{securityContext,securityContexts}", pods],
  ["**.{waitForMigrations}", handled("nothing starts before the migration is done")],
  ["**.{podDisruptionBudget}", handled("of what there are several, one at a time may be evicted")],
  ["**.{revisionHistoryLimit,updateStrategy,strategy,persistentVolumeClaimRetentionPolicy}", history],
  ["**.{command,args}", commandLine],
  [
    "**.resources.requests.{memory,cpu}",
    handled("all of the memory and a twentieth of the cores are requested"),
  ],
  ["**.terminationGracePeriodSeconds", handled("each role has the time that it needs")],
  [
    "**.{service,networkPolicy,extraNetworkPolicies}",
    handled("the stack has Services and NetworkPolicies of its own"),
  ],
  [
    "**.{ttlSecondsAfterFinished,useHelmHooks,applyCustomEnv,restartPolicy}",
    handled("the migration is a step of the deployment"),
  ],
  ["**.containerLifecycleHooks", unsupported("the stack stops each role as it needs to be")],
  ["**.logGroomerSidecar.enabled", groomer],
  ["**.logGroomerSidecar.**", groomer],
  ["**.{extraVolumes,extraVolumeMounts,volumeClaimTemplates,volumes,volumeMounts}", volumes],
  ["{volumes,volumeMounts}", volumes],
  ["**.{extraContainers,extraInitContainers,extraPorts}", sidecars],
  ["**.{annotations,podAnnotations,secretAnnotations,jobAnnotations}", annotations],
  [
    "{airflowPodAnnotations,airflowConfigAnnotations,fernetKeySecretAnnotations,apiSecretAnnotations,jwtSecretAnnotations,webserverSecretAnnotations}",
    annotations,
  ],
  [
    "**.{affinity,topologySpreadConstraints,runtimeClassName,schedulerName,nodeSelector,safeToEvict}",
    placing,
  ],
  ["{affinity,topologySpreadConstraints,schedulerName}", placing],
  ["**.tolerations.**", placing],
  ["pgbouncer.**", onlyIf("pgbouncer.enabled", "the stack's PgBouncer has poolSize and clients")],
];
