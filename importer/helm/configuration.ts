import { convertVariable, withShared } from "../environment.ts";
import { handled, type Item, type Outcome, secretByCommand, unsupported } from "../rule.ts";
import { ownDatabase, ownResults, type SecretReference } from "../secrets.ts";
import { checkExecutor, convertFileSetting, convertSetting } from "../settings.ts";
import { chartImportContext, isTemplate, template, type ValueLookup } from "./values.ts";

interface NamedValue {
  readonly name?: string;
  readonly envName?: string;
  readonly secretName?: string;
  readonly secretKey?: string;
  readonly value?: unknown;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** Reads `{ name, value }`, `{ name, valueFrom }`, or `{ envName, secretName, secretKey }`. */
export function variableRule(role: (item: Item) => readonly string[]) {
  return (item: Item, values: ValueLookup): Outcome => {
    const { name, envName, secretName, secretKey, value, valueFrom } = (item.value ?? {}) as NamedValue;
    const variable = name ?? envName;
    if (variable === undefined) return unsupported("it has no name");
    const { secretKeyRef: ref } = valueFrom ?? {};
    if ([variable, value, secretName, secretKey, ref?.name, ref?.key].some(isTemplate)) return template;
    if (valueFrom && !ref) return unsupported("expected a value, or a key in a Secret of the cluster");
    const from =
      ref ?? (secretName !== undefined && secretKey !== undefined && { name: secretName, key: secretKey });
    const text: SecretReference | undefined = from
      ? { secret: from.name, key: from.key }
      : String(value ?? "");
    if (variable === "AIRFLOW__CORE__EXECUTOR") return convertExecutor({ ...item, value });
    const context = chartImportContext(values);
    const roles = role(item);
    const outcome = convertVariable({ ...context, name: variable, value: text, roles });
    return withShared(
      outcome,
      context.version,
      (readers) => roles.includes("all") || readers?.isSubsetOf(new Set(roles)) === true,
    );
  };
}

export function convertExecutor({ value, leaves: [leaf] }: Item): Outcome {
  return checkExecutor(value, `${leaf?.file}:${leaf?.line}`);
}

export const convertConfig = (
  { match: [section = "", key = ""], value, ...item }: Item,
  values: ValueLookup,
): Outcome => {
  if (section === "core" && key === "executor") return convertExecutor({ ...item, value, match: [] });
  if (isTemplate(value))
    return /statsd|remote_logging|flower_url_prefix/.test(key)
      ? handled("it follows from other values")
      : decidedTemplate(`${section}.${key}`);
  return convertFileSetting(
    section.toLowerCase(),
    key.toLowerCase(),
    String(value),
    chartImportContext(values),
  );
};

/** Settings that the chart's defaults give as templates, and that the stack decides. */
const chartTemplates =
  /^(core\.(dags_folder|executor)|(scheduler|dag_processor)\.(standalone_dag_processor|dag_bundle_config_list)|kerberos\..*|.*kubernetes.*)$/;

/** Outcome of a template by the setting's name. */
function decidedTemplate(name: string): Outcome {
  return chartTemplates.test(name) ? handled("the stack decides it") : template;
}

interface Connection {
  readonly host?: string | null;
  readonly user?: string;
  readonly pass?: string;
}

/** Makes the rule of a connection to Postgres, for which the chart may name a Secret, and which the stack may have itself. */
function connectionRule(secretName: string, key: "url" | "resultsUrl", own: Outcome) {
  return ({ value }: Item, values: ValueLookup): Outcome => {
    const { host } = (value ?? {}) as Connection;
    if (values(`data.${secretName}`)) return handled("the named Secret overrides it");
    if (!host || isTemplate(host)) return own;
    return secretByCommand(
      ["postgres", key],
      "as a URL of Postgres, with its login, host, port, database and sslmode",
    );
  };
}

export const metadataConnection = connectionRule("metadataSecretName", "url", ownDatabase);
export const resultConnection = connectionRule("resultBackendSecretName", "resultsUrl", ownResults);

export const brokerRule = (item: Item, values: ValueLookup): Outcome =>
  isTemplate(item.value)
    ? template
    : convertSetting("celery", "broker_url", String(item.value), chartImportContext(values));
