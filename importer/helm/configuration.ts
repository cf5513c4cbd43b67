import { environmentVariable } from "../environment.ts";
import { handled, type Item, type Outcome, secret, unsupported } from "../rule.ts";
import type { SecretReference } from "../secrets.ts";
import { checkedExecutor, setting } from "../settings.ts";
import { isTemplate, surroundings, template, type Values } from "./values.ts";

interface NamedValue {
  readonly name?: string;
  readonly envName?: string;
  readonly secretName?: string;
  readonly secretKey?: string;
  readonly value?: unknown;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** Reads `{ name, value }`, `{ name, valueFrom }`, or `{ envName, secretName, secretKey }`. */
export function environment(role: (item: Item) => readonly string[]) {
  return (item: Item, values: Values): Outcome => {
    const { name, envName, secretName, secretKey, value, valueFrom } = (item.value ?? {}) as NamedValue;
    const variable = name ?? envName;
    if (variable === undefined) return unsupported("it has no name");
    if (isTemplate(value) || isTemplate(secretName)) return template;
    const { secretKeyRef: ref } = valueFrom ?? {};
    if (valueFrom && !ref) return unsupported("expected a value, or the key of a Secret");
    const from =
      ref ?? (secretName !== undefined && secretKey !== undefined && { name: secretName, key: secretKey });
    const text: SecretReference | undefined = from
      ? { secret: from.name, key: from.key }
      : String(value ?? "");
    if (variable === "AIRFLOW__CORE__EXECUTOR") return executor({ ...item, value });
    return environmentVariable({ ...surroundings(values), name: variable, value: text, roles: role(item) });
  };
}

export function executor({ value, leaves: [leaf] }: Item): Outcome {
  return checkedExecutor(value, `${leaf?.file}:${leaf?.line}`);
}

export const config = (
  { match: [section = "", key = ""], value, ...item }: Item,
  values: Values,
): Outcome => {
  if (section === "core" && key === "executor") return executor({ ...item, value, match: [] });
  if (isTemplate(value))
    return /statsd|remote_logging|flower_url_prefix/.test(key)
      ? handled("it follows from other values")
      : decidedTemplate(section);
  return setting(section.toLowerCase(), key.toLowerCase(), String(value), surroundings(values));
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

export const metadataConnection = ({ value }: Item, values: Values): Outcome => {
  const { host } = (value ?? {}) as Connection;
  if (values("data.metadataSecretName")) return handled("the named Secret overrides it");
  if (!host || isTemplate(host))
    return handled("the stack has a Postgres of its own, with passwords that it mints");
  return secret(["postgres", "url"], "as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…");
};

export const resultConnection = ({ value }: Item, values: Values): Outcome => {
  const { host } = (value ?? {}) as Connection;
  if (values("data.resultBackendSecretName")) return handled("the named Secret overrides it");
  if (!host || isTemplate(host))
    return handled("the stack keeps results in its own Postgres, with a login of their own");
  return secret(["postgres", "resultsUrl"], "as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…");
};

export const brokerUrl = (item: Item, values: Values): Outcome =>
  isTemplate(item.value)
    ? template
    : setting("celery", "broker_url", String(item.value), surroundings(values));
