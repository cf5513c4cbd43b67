import { formProblem } from "../settings/model/secretForm.ts";
import { issued, webhooks } from "../settings/model/urls/mask.ts";
import { postgresLogin } from "../settings/model/urls/postgresUrl.ts";
import { redisLogin } from "../settings/model/urls/redisUrl.ts";
import { spell } from "../settings/schema/path.ts";
import type { SecretName } from "../settings/schema/schema.ts";
import { empty, handled, type Outcome, secret, taken, unsupported } from "./rule.ts";
import type { Path } from "./source.ts";

/** A value, or a key of a Kubernetes Secret. */
export type SecretReference = string | { readonly secret: string; readonly key: string };

/** Well-known passwords and keys of examples. */
const examples = ["admin", "airflow", "airflow_jwt_secret", "changeme", "password", "postgres", "redis"];

export function isExample(given: unknown): boolean {
  return examples.includes(String(given).toLowerCase());
}

export const minted = handled("it is a publicly known example; the stack mints its own");

/** Words in the names of secrets, alone or after `_`: `DB_PASSWORD`, `PGPASSWORD`, `GITLAB_PAT`. */
const secretWords =
  /(^|_)(pwd|pw|pat|creds?|keys?|dsn|sas|kwargs|salt|signature|jwt|basic_auth)(_|\d*$)|pass(word|wd|phrase|_|\d*$)|secret|token|credential|webhook|private|(api|auth|access|account|shared|ssh)key/i;

/** Endings of names that only sound secret, such as those of files and sizes. */
const plainWords =
  /_(file|path|dir|cmd|id|name|user|username|size|count|limit|interval|seconds|secs?|timeout|ttl|expiration|expire|expiry|enabled?|length|type|backend|backends|manager|url_prefix|region|endpoint|host|port|class|algorithm|issuer|audience|leeway|age|rotation|prefix|suffix)$/i;

/** Forms of values that are secret, whatever their name is. */
const secretValues: readonly RegExp[] = [
  // URLs with a login, and `password=` in those of JDBC and in lists of options.
  /[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^\s@]+@/i,
  /(^|[?&;,\s"'{])(password|passwd|pwd|secret|secret_?key|client_?secret|token|access_?token|api_?key|accountkey|sharedaccesskey|sharedaccesssignature|sig)"?'?\s*[=:]\s*['"]?[^\s'"&;,}]+/i,
  /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9_-]{20,}@|^jdbc:oracle:\w+:[^/\s]+\/[^@\s]+@/i,
  // Addresses that are a secret as a whole, and tokens with the marks of those who issue them.
  webhooks,
  issued,
  /^(Bearer|Basic)\s+\S{8}/i,
  /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // A service account of Google's.
  /"private_key"\s*:/,
];

/** True for a long text that looks random: letters of both cases with digits, or hexadecimal digits. */
function isRandom(value: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(value)) return true;
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
  return isMixed && /^[A-Za-z0-9+/_=-]{24,}$/.test(value) && !/[/_-][a-z]+[/_-]/i.test(value);
}

/** True if a value's name or form suggests a secret, which no stack file may have in plain text. */
export function looksSecret(name: string, value: string): boolean {
  if (secretValues.some((form) => form.test(value)) || isRandom(value)) return true;
  if (value === "" || /^(true|false|yes|no|on|off|none|\d{1,5})$/i.test(value)) return false;
  return secretWords.test(name) && !(plainWords.test(name) && !/pass(word)?_?(id|name)$/i.test(name));
}

/** Converts a secret: keeps a reference, leaves a value to the command that stores it, and drops a published example. */
export function given(path: Path, value: SecretReference, note?: string): Outcome {
  if (typeof value !== "string") return taken(path, value, note);
  if (value === "") return empty;
  if (isExample(value)) return minted;
  const [first, name] = path;
  const wrong = first === "secrets" ? formProblem(name as SecretName, value) : undefined;
  return wrong === undefined ? secret(path, note) : unsupported(`${spell(path)}: ${wrong}`);
}

interface Address {
  readonly scheme: string;
  readonly host: string;
  /** URL without the scheme. */
  readonly rest: string;
}

function address(url: string): Address | undefined {
  const [, scheme, rest, host] =
    /^([a-z][a-z0-9+]*):\/\/((?:[^@]*@)?(\[[^\]]*\]|[^:/?]*).*)$/i.exec(url) ?? [];
  return scheme === undefined || host === undefined || rest === undefined
    ? undefined
    : { scheme, host, rest };
}

/** True if the input itself provides a host, which the stack replaces with its own. */
export type IsOwn = (host: string) => boolean;

/** Takes over a URL as a secret if `read` accepts it; otherwise the outcome has the error. */
function readable(path: Path, url: string, read: (url: string) => unknown, note?: string): Outcome {
  try {
    read(url);
    return secret(path, note);
  } catch (error) {
    return unsupported(`${spell(path)}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Converts the URL of the metadata database. */
export function metadata(value: SecretReference, isOwn: IsOwn): Outcome {
  if (typeof value !== "string") return taken(["postgres", "url"], value);
  const { scheme = "", host = "" } = address(value) ?? {};
  if (!/^postgres(ql)?(\+\w+)?$/.test(scheme)) return unsupported("expected a database of Postgres");
  if (host === "" || isOwn(host))
    return handled("the stack has a Postgres of its own, with passwords that it mints");
  return readable(["postgres", "url"], value, postgresLogin);
}

/** Converts the URL of Celery's result backend. */
export function results(value: SecretReference, isOwn: IsOwn, metadataUrl?: SecretReference): Outcome {
  if (typeof value !== "string") return taken(["postgres", "resultsUrl"], value);
  const { scheme = "", host = "", rest } = address(value.replace(/^db\+/, "")) ?? {};
  if (!/^postgres(ql)?(\+\w+)?$/.test(scheme))
    return unsupported("expected a database of Postgres: results are kept there");
  if (host === "" || isOwn(host))
    return handled("the stack keeps results in its own Postgres, with a login of their own");
  const same = typeof metadataUrl === "string" && address(metadataUrl)?.rest === rest;
  return same
    ? handled("it is the database of the metadata")
    : readable(["postgres", "resultsUrl"], value.replace(/^db\+/, ""), postgresLogin, "without db+");
}

/** Converts the URL of Celery's broker. */
export function broker(value: SecretReference, isOwn: IsOwn): Outcome {
  if (typeof value !== "string") return taken(["redis", "url"], value);
  const { scheme = "", host = "" } = address(value) ?? {};
  if (!/^rediss?$/.test(scheme)) return unsupported("expected Redis as the broker");
  if (host === "" || isOwn(host))
    return handled("the stack has a Redis of its own, with passwords that it mints");
  return readable(["redis", "url"], value, redisLogin);
}
