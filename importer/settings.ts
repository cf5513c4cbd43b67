import { isSensitive, knownSettings } from "../settings/model/known.ts";
import { insteadOf } from "../settings/rules/airflow/reserved.ts";
import {
  type ConvertedKey,
  empty,
  handled,
  type Outcome,
  secretByCommand,
  taken,
  unreadableValue,
  unsupported,
} from "./rule.ts";
import {
  convertBrokerUrl,
  convertMetadataUrl,
  convertResultsUrl,
  convertSecret,
  type IsProvidedHost,
  looksSecret,
  type SecretReference,
} from "./secrets.ts";
import type { SourcePath } from "./source.ts";
import { parseInteger } from "./units.ts";

/** Ways in which the number of a worker's processes is given. */
export type ProcessCount = "concurrency" | "autoscale";

/** Context of a setting. */
export interface ImportContext {
  readonly isOwn: IsProvidedHost;
  /** URL of the metadata database, if the input has one. */
  readonly metadataUrl?: SecretReference | undefined;
  /** Lists the worker groups that read a setting of their processes, as keys of the stack; the default group is []. */
  readonly groups: (setting: ProcessCount) => readonly SourcePath[];
  /** Airflow's version in the stack. */
  readonly version: string;
  /** Reads the file of a command such as `cat /run/secrets/key`; undefined if it is not known. */
  readonly secretFile?: ((path: string) => string | undefined) | undefined;
}

type Special = (value: SecretReference, context: ImportContext) => Outcome;

/** @throws Error with the place if the executor is not Celery's */
export function checkExecutor(value: unknown, place: string): Outcome {
  if (String(value).startsWith("{{") || /^(?:[\w.]*\.)?CeleryExecutor$/.test(String(value))) {
    return handled("the executor is Celery's");
  }
  throw new Error(
    `${place}: the executor is ${value}; expected CeleryExecutor, the only one that this stack runs. ` +
      "If your DAGs can run on Celery's workers, say so there, and import again.",
  );
}

function takeForGroups(key: string, value: number, groups: readonly SourcePath[]): ConvertedKey[] {
  const first = key.charAt(0).toUpperCase() + key.slice(1);
  const isDefault = groups.some((group) => group.length === 0);
  const paths = isDefault ? [[`worker${first}`]] : groups.map((group) => [...group, key]);
  return paths.map((path) => ({ path, value }));
}

const otherwiseGiven = handled("flags of the workers' commands, or limits of autoscaling, override it");

export function convertConcurrency(value: SecretReference, context: ImportContext): Outcome {
  const number = typeof value === "string" ? parseInteger(value) : undefined;
  if (number === undefined) return unreadableValue("a whole number");
  const targets = takeForGroups("concurrency", number, context.groups("concurrency"));
  return targets.length > 0 ? { kind: "taken", targets } : otherwiseGiven;
}

/** Converts `8,2`: at most 8 processes, at least 2. */
export function convertAutoscale(value: SecretReference, context: ImportContext): Outcome {
  const [, max, min] = /^(\d+)\s*,\s*(\d+)$/.exec(String(value)) ?? [];
  if (max === undefined) return unreadableValue("MAX,MIN");
  const groups = context.groups("autoscale");
  const targets = [
    ...takeForGroups("concurrency", Number(max), groups),
    ...takeForGroups("minConcurrency", Number(min), groups),
  ];
  return targets.length > 0 ? { kind: "taken", targets } : otherwiseGiven;
}

const decidedByStack = handled("the stack sets it itself");
const listens = handled("each role listens inside its container, where the stack finds it");
/** Outcome of a signing secret: the stack uses a key pair, since all roles that check a shared secret could sign with it. */
export const signingKey = handled("the stack signs tokens with a key pair that it mints");
const otherExecutors = handled("only other executors read it");
const logs = handled("the stack keeps logs where the webserver finds them");
const sqlAlchemy: Special = (value, { isOwn }) => convertMetadataUrl(value, isOwn);
const resultBackend: Special = (value, { isOwn, metadataUrl }) =>
  convertResultsUrl(value, isOwn, metadataUrl);
const secretKey: Special = (value) => convertSecret(["secrets", "apiSecretKey"], value);

/** Settings that do not become entries of `settings` in a stack. */
const special: Readonly<Record<string, Outcome | Special>> = {
  "api.host": listens,
  "api.port": listens,
  "api.secret_key": secretKey,
  "api_auth.jwt_secret": signingKey,
  "celery.broker_url": (value, { isOwn }) => convertBrokerUrl(value, isOwn),
  "celery.celery_result_backend": resultBackend,
  "celery.flower_basic_auth": handled("Flower has the login of adminUser"),
  "celery.flower_host": listens,
  "celery.flower_port": listens,
  "celery.result_backend": resultBackend,
  "celery.worker_autoscale": convertAutoscale,
  "celery.worker_concurrency": convertConcurrency,
  "core.dags_folder": decidedByStack,
  "core.auth_manager": (value) =>
    /fab/i.test(String(value)) ? decidedByStack : unsupported("expected the login of Flask AppBuilder (FAB)"),
  "core.execution_api_server_url": decidedByStack,
  "core.fernet_key": (value) => convertSecret(["secrets", "fernetKey"], value),
  "core.hostname_callable": decidedByStack,
  "core.sql_alchemy_conn": sqlAlchemy,
  "database.sql_alchemy_conn_async": handled("the stack has an async connection of its own"),
  "core.standalone_dag_processor": decidedByStack,
  "database.sql_alchemy_conn": sqlAlchemy,
  "logging.base_log_folder": logs,
  "scheduler.enable_health_check": handled("the stack checks health by a file that each role keeps fresh"),
  "scheduler.standalone_dag_processor": decidedByStack,
  "webserver.secret_key": secretKey,
  "webserver.web_server_host": listens,
  "webserver.web_server_port": listens,
};

/** Converts a value to the type that `airflow.cfg` implies. */
function parseValue(value: string): string | number | boolean {
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return /^(0|-?[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}

/** Values of the stack's own settings that change nothing: a switch that is off, and Celery's usual configuration. */
const changesNothing = /^false$|\bdefault_celery\.DEFAULT_CELERY_CONFIG$/i;

/** Returns the outcome of a setting that the stack decides: the key that replaces it, unless the setting needs none. */
function decidedOutcome(value: SecretReference, instead: string): Outcome {
  const isNeedless = typeof value === "string" && changesNothing.test(value);
  return isNeedless || instead.includes("expected no value") ? decidedByStack : unsupported(instead);
}

/** Converts a setting, by its name in the stack's version of Airflow. */
function convertByPresentName(
  name: string,
  value: SecretReference,
  context: ImportContext,
  note?: string,
): Outcome {
  const known = special[name];
  if (known) return typeof known === "function" ? known(value, context) : known;
  const [section = "", key = ""] = name.split(".");
  if (/kubernetes/.test(section)) return otherExecutors;
  const keys = knownSettings(context.version)?.sections.get(section);
  if (keys && !keys.includes(key) && !/_transport_options$|^sentry$/.test(section))
    return unsupported(`Airflow ${context.version} has no such setting`);
  const instead = insteadOf(name);
  if (instead !== undefined) return decidedOutcome(value, instead);
  const path = ["settings", section, key];
  if (isSensitive(context.version, section, key)) return value === "" ? empty : secretByCommand(path, note);
  if (typeof value !== "string" || looksSecret(key, value)) {
    return unsupported(
      "it is a secret, and Airflow reads no secret there: make it a connection, with the secret in its password field",
    );
  }
  return taken(path, parseValue(value), note);
}

/** True for a setting that Airflow has, or had under this name. */
function isSetting(section: string, key: string, { version }: ImportContext): boolean {
  const name = `${section}.${key}`;
  const { sections, renamed = {}, removed = {} } = knownSettings(version) ?? {};
  return (
    Object.hasOwn(special, name) ||
    sections?.get(section)?.includes(key) === true ||
    Object.hasOwn(renamed, name) ||
    Object.hasOwn(removed, name)
  );
}

/** Converts a setting of `airflow.cfg`, also by a name that Airflow has renamed. */
export function convertSetting(
  section: string,
  key: string,
  value: SecretReference,
  context: ImportContext,
): Outcome {
  const known = knownSettings(context.version);
  const command = /^(.+)_(cmd|secret)$/.exec(key);
  const isKnown = known?.sections.get(section)?.includes(key);
  if (command && !isKnown && isSetting(section, command[1] ?? "", context)) {
    const [, file = ""] = /^cat\s+(\S+)$/.exec(String(value).trim()) ?? [];
    const text = command[2] === "cmd" ? context.secretFile?.(file) : undefined;
    return text === undefined
      ? unsupported("a command or secrets backend gives the value: give the value itself")
      : convertSetting(section, command[1] ?? "", text, context);
  }
  const name = `${section}.${key}`;
  if (special[name]) return convertByPresentName(name, value, context);
  const renamed = isKnown ? undefined : known?.renamed[name];
  if (renamed !== undefined)
    return convertByPresentName(renamed, value, context, `Airflow ${context.version} calls it ${renamed}`);
  const removed = isKnown ? undefined : known?.removed[name];
  if (removed !== undefined)
    return unsupported(
      `Airflow ${context.version} no longer has it${removed && `: ${removed.replace(/\.$/, "")}`}`,
    );
  return convertByPresentName(name, value, context);
}

/** Converts a setting in a file, where `%%` is a `%` and `%(name)s` another setting, unlike in a variable. */
export function convertFileSetting(
  section: string,
  key: string,
  value: string,
  context: ImportContext,
): Outcome {
  return value.replaceAll("%%", "").includes("%(")
    ? unsupported("it refers to another setting: give its value")
    : convertSetting(section, key, value.replaceAll("%%", "%"), context);
}
