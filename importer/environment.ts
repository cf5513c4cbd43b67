import { knownSettings } from "../settings/model/known.ts";
import { insteadOfVariable } from "../settings/rules/roles/variables.ts";
import {
  type ConvertedKey,
  empty,
  handled,
  noRole,
  type Outcome,
  taken,
  targetsOf,
  unsupported,
  withTodo,
} from "./rule.ts";
import { convertSecret, looksSecret, type SecretReference } from "./secrets.ts";
import { convertSetting, type ImportContext } from "./settings.ts";
import { namesIn, parseInteger } from "./units.ts";

/** An environment variable of Airflow. */
interface Variable extends ImportContext {
  readonly name: string;
  readonly value: SecretReference;
  /** Keys of `roles` that read the variable; empty if the stack has no such container. */
  readonly roles: readonly string[];
}

type Meaning = (match: readonly string[], value: SecretReference, variable: Variable) => Outcome;

/** Fields of a JSON connection, by their keys in the stack. */
const connectionFields = {
  type: "conn_type",
  host: "host",
  port: "port",
  login: "login",
  schema: "schema",
  description: "description",
};

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Work that is left for variables and connections: DAGs find them by their exact names, and found variables of the environment in any case. */
const lowered = "its name is in lower case: rename it if your DAGs spell it otherwise";

/** Imports a connection. The whole URI is secret; in a JSON connection the password and `extra` are. */
const convertConnection: Meaning = ([name = ""], value) => {
  const path = ["connections", name.toLowerCase()];
  if (typeof value !== "string" || !value.startsWith("{"))
    return withTodo(convertSecret([...path, "uri"], value), lowered);
  const json = parseJson(value);
  if (!json) return unsupported("it is not JSON, and no URI");
  const plain = Object.entries(connectionFields).flatMap(([key, jsonKey]): ConvertedKey[] => {
    const { [jsonKey]: field } = json;
    if (field === undefined || field === null) return [];
    const value = key === "port" ? (parseInteger(field) ?? field) : field;
    return [{ path: [...path, key], value }];
  });
  const secretTargets = ["password", "extra"]
    .filter((key) => json[key])
    .map((key) => ({ path: [...path, key] }));
  return { kind: "taken", targets: [...plain, ...secretTargets], todo: lowered };
};

const convertAirflowVariable: Meaning = ([name = ""], value) => {
  const path = ["variables", name.toLowerCase()];
  const secret = typeof value !== "string" || looksSecret(name, value);
  return withTodo(secret ? convertSecret(path, value) : taken(path, value), lowered);
};

/** Imports the packages to install, without options that contain a login. */
export function convertPackages(value: SecretReference): Outcome {
  if (typeof value !== "string") return unsupported("expected Python packages");
  const isSecret = (word = "") => looksSecret("", word);
  const words = value.trim().split(/\s+/);
  const kept = words.filter((word, at) => {
    const isItsOption = word.startsWith("-") && !word.includes("=") && isSecret(words[at + 1]);
    return !isSecret(word) && !isItsOption;
  });
  const index = "a package index with a login";
  if (kept.length === 0) return unsupported(`${index}: build the packages into images.airflow`);
  const todo =
    kept.length < words.length ? `without ${index}: build its packages into images.airflow` : undefined;
  return {
    kind: "taken",
    targets: [{ path: ["requirements"], value: kept.join(" ") }],
    note: "Python packages",
    todo,
  };
}

const firstUser = unsupported("the first administrator has only a password and a login");
const entrypointOnly = handled(
  "it is for the entrypoint of the official image; the stack's migration does that",
);

const convertProxy: Meaning = ([kind = ""], value) =>
  typeof value !== "string"
    ? unsupported("expected a proxy without a login")
    : taken(["proxy", kind.toLowerCase()], kind.toLowerCase() === "no" ? namesIn(value) : value);

/** Rules by variable name; the first match wins. */
const rules: readonly (readonly [name: RegExp, meaning: Outcome | Meaning])[] = [
  [
    /^AIRFLOW__([A-Z0-9_]+?)__([A-Z0-9_]+)$/,
    ([section = "", key = ""], value, context) =>
      convertSetting(section.toLowerCase(), key.toLowerCase(), value, context),
  ],
  [/^AIRFLOW_CONN_AIRFLOW_DB$/, handled("tasks of Airflow 3 do not reach its database")],
  [/^AIRFLOW_CONN_(\w+)$/, convertConnection],
  [/^AIRFLOW_VAR_(\w+)$/, convertAirflowVariable],
  [/^_PIP_ADDITIONAL_REQUIREMENTS$/, (_, value) => convertPackages(value)],
  [/^_AIRFLOW_WWW_USER_USERNAME$/, (_, value) => taken(["adminUser"], value)],
  [/^_AIRFLOW_WWW_USER_PASSWORD$/, (_, value) => convertSecret(["secrets", "adminPassword"], value)],
  [/^_AIRFLOW_WWW_USER_CREATE$/, entrypointOnly],
  [/^_AIRFLOW_WWW_USER_/, firstUser],
  [/^(_AIRFLOW_DB_(MIGRATE|UPGRADE)|CONNECTION_CHECK_MAX_COUNT|DUMB_INIT_SETSID)$/, entrypointOnly],
  [/^AIRFLOW_(UID|GID|HOME)$/, handled("Airflow runs as 50000:0 in /opt/airflow")],
  [/^AIRFLOW_CONFIG$/, handled("the stack writes airflow.cfg; one that is mounted is read")],
  [/^AIRFLOW_(IMAGE_NAME|PROJ_DIR)$/, handled("it is for the compose file")],
  [/^(HTTP|HTTPS|NO)_PROXY$/i, convertProxy],
];

/** Decides what becomes of an environment variable of Airflow. */
export function convertVariable(variable: Variable): Outcome {
  const { name, value, roles } = variable;
  for (const [pattern, meaning] of rules) {
    const match = pattern.exec(name);
    if (match && value === "" && meaning !== convertAirflowVariable) return empty;
    if (match) return typeof meaning === "function" ? meaning(match.slice(1), value, variable) : meaning;
  }
  const instead = insteadOfVariable(name);
  if (instead !== undefined) return value === "" ? empty : unsupported(instead);
  if (roles.length === 0) return noRole;
  if (typeof value !== "string" || looksSecret(name, value)) {
    const todo = "a secret is a file instead of a variable, which everybody reads: read /run/secrets/NAME";
    const reference = typeof value === "string" ? {} : { value };
    const targets = roles.map((role) => ({ path: ["roles", role, "secretFiles", name], ...reference }));
    return { kind: "taken", targets, todo };
  }
  return { kind: "taken", targets: roles.map((role) => ({ path: ["roles", role, "env", name], value })) };
}

/**
 * Leaves to do that all roles get what a variable becomes, if some of those that read it lacked the variable.
 * @param hasAll tells if roles have the variable; without names, all roles
 */
export function withShared(
  outcome: Outcome,
  version: string,
  hasAll: (readers?: ReadonlySet<string>) => boolean,
): Outcome {
  const [{ path }] = [...targetsOf(outcome), { path: [] }];
  const isShared = path[0] === "settings" || path[0] === "proxy";
  const readers = knownSettings(version)?.readers.get(path.slice(1).join("."));
  return isShared && !hasAll(readers)
    ? withTodo(outcome, "all roles get it, since a role has no settings of its own")
    : outcome;
}
