import { formProblem } from "../settings/model/secretForm.ts";
import { issued, webhooks } from "../settings/model/urls/mask.ts";
import { postgresLogin } from "../settings/model/urls/postgresUrl.ts";
import { redisLogin } from "../settings/model/urls/redisUrl.ts";
import { spell } from "../settings/schema/path.ts";
import type { SecretName } from "../settings/schema/schema.ts";
import { empty, handled, type Outcome, secretByCommand, taken, unsupported } from "./rule.ts";
import type { SourcePath } from "./source.ts";

/** A value, or a key of a Kubernetes Secret. */
export type SecretReference = string | { readonly secret: string; readonly key: string };

/** Well-known passwords and keys of examples. */
const examples = ["admin", "airflow", "airflow_jwt_secret", "changeme", "password", "postgres", "redis"];

export function isExample(value: unknown): boolean {
  return examples.includes(String(value).toLowerCase());
}

export const publicExample = handled("it is a publicly known example; the stack mints its own");

/** Words in the names of secrets, alone or after `_`: `DB_PASSWORD`, `PGPASSWORD`, `GITLAB_PAT`. */
const secretWords =
  /(^|_)(pwd|pw|pat|creds?|keys?|dsn|sas|kwargs|salt|signature|jwt|basic_auth)(_|\d*$)|pass(word|wd|phrase|_|\d*$)|secret|token|credential|webhook|private|(api|auth|access|account|shared|ssh)key|(^|_)auth$/i;

/** Names whose values are secret even if they are short numbers, unlike that of a limit of tokens or of an attempt. */
const secretNumbers = /(?<!by)pass(word|wd|phrase)?_?\d*$|(^|_)(pwd|pw)_?\d*$|(secret|token)$/i;

/** Names whose values may be a login with its password: `me:word`. */
const loginNames = /(^|_)login$/i;

/** Endings of names that only sound secret, such as those of files and sizes. */
const plainWords =
  /_(file|path|dir|cmd|id|name|user|username|size|count|limit|interval|seconds|secs?|timeout|ttl|expiration|expire|expiry|enabled?|length|type|backend|backends|manager|url_prefix|region|endpoint|host|port|class|algorithm|issuer|audience|leeway|age|rotation|prefix|suffix)$/i;

/** Forms of files that are keys: private keys, and a service account of Google's. */
const keyFiles: readonly RegExp[] = [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, /"private_key"\s*:/];

/** Forms of values that are secret, whatever their name is. */
const secretValues: readonly RegExp[] = [
  // URLs with a login, and `password=` in those of JDBC and in lists of options.
  /[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^\s@]+@/i,
  /(^|[?&;,\s"'{])(password|passwd|pwd|secret|secret_?key|client_?secret|token|access_?token|api_?key|accountkey|sharedaccesskey|sharedaccesssignature|sig)"?'?\s*[=:]\s*['"]?[^\s'"&;,}]+/i,
  /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9_-]{20,}@|^jdbc:oracle:\w+:[^/\s]+\/[^@\s]+@/i,
  // Addresses that are a secret as a whole, and tokens with the marks of those who issue them.
  webhooks,
  issued,
  /(^|\bauthorization\W+)(Bearer|Basic)\s+\S{8}/i,
  /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/,
  ...keyFiles,
];

/** True for the text of a file that is a key as a whole. */
export function isKeyFile(text: string): boolean {
  return keyFiles.some((form) => form.test(text));
}

/** True for a long text that looks random: letters of both cases with digits, or hexadecimal digits. */
function isRandom(value: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(value)) return true;
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
  return isMixed && /^[A-Za-z0-9+/_=-]{24,}$/.test(value) && !/[/_-][a-z]+[/_-]/i.test(value);
}

/** Path of a file: `/keys/gcp.json`. */
const filePath = /^(\/[\w.-]+)+\.[A-Za-z]\w{0,7}$/;

/** True if a value's name or form suggests a secret, which no stack file may have in plain text. */
export function looksSecret(name: string, value: string): boolean {
  if (secretValues.some((form) => form.test(value)) || isRandom(value)) return true;
  if (value === "" || /^(true|false|yes|no|on|off|none|[01])$/i.test(value)) return false;
  if (/^\d{1,5}$/.test(value)) return secretNumbers.test(name);
  if (/^[^\s:/]+:[^\s/]/.test(value) && loginNames.test(name)) return true;
  if (filePath.test(value) && !secretNumbers.test(name)) return false;
  return secretWords.test(name) && !(plainWords.test(name) && !/pass(word)?_?(id|name)$/i.test(name));
}

/** Lines of a file that give a name a plain value: `PASSWORD = "word"`. */
const assignments =
  /^[ \t]*["']?([A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*["']?([^\s"'()[\]{}$]+)["']?,?[ \t\r]*$/gm;

/** True for the text of a file with a password, a token or another secret in it. */
export function fileHoldsSecret(text: string): boolean {
  const hasPassword = [...text.matchAll(assignments)].some(
    ([, name = "", value = ""]) => secretNumbers.test(name) && namedSecret(name, value),
  );
  return hasPassword || secretValues.some((form) => form.test(text));
}

/** Options and assignments in a command, with their values, unless these refer to variables: `--password word`, `TOKEN=word`. */
const options = /(?<![\w-])(?:--([A-Za-z][\w-]*)[= ]|([A-Za-z_]\w*)=)["']?([^\s"'$-][^\s"';&|]*)/g;

function namedSecret(name: string, value: string): boolean {
  return looksSecret(name.replaceAll(/\W+/g, "_"), value);
}

/** True if a value has a secret: by its form, beside the name of a variable, or in the options of a command. */
function holdsSecret(value: unknown, name = ""): boolean {
  if (Array.isArray(value)) {
    const words = value.filter((item) => typeof item !== "object").join(" ");
    return (
      value.some((item) => holdsSecret(item)) ||
      [...words.matchAll(options)].some(([, option, variable = "", text = ""]) =>
        namedSecret(option ?? variable, text),
      )
    );
  }
  if (typeof value !== "object" || value === null) return namedSecret(name, String(value ?? ""));
  const { name: variable } = value as { name?: unknown };
  return Object.entries(value).some(([key, inner]) =>
    holdsSecret(inner, key === "value" ? String(variable ?? "") : ""),
  );
}

/** Returns why a value may not be in a stack file; undefined if it may. */
export function plainSecretProblem(path: SourcePath, value: unknown): string | undefined {
  const [holder, name] = path.slice(-2);
  const isNamed = holder === "labels" || holder === "annotations";
  // The hash of a commit looks random.
  if (spell(path) === "dagsGit.ref" || !holdsSecret(value, isNamed ? String(name) : "")) return undefined;
  return path.includes("initContainers")
    ? "it has a secret in plain text: expected env with a secretKeyRef in valueFrom"
    : "it may be a secret, which everybody can read there";
}

/** Converts a secret: keeps a reference, leaves a value to the command that stores it, and drops a published example of what the stack mints. */
export function convertSecret(path: SourcePath, value: SecretReference, note?: string): Outcome {
  if (typeof value !== "string") return taken(path, value, note);
  if (value === "") return empty;
  const [section, name] = path;
  if (section === "secrets" && isExample(value)) return publicExample;
  const problem = section === "secrets" ? formProblem(name as SecretName, value) : undefined;
  return problem === undefined ? secretByCommand(path, note) : unsupported(`${spell(path)}: ${problem}`);
}

const withoutHost = unsupported("expected a URL with a host");

/** Outcomes of services that the stack has itself. */
export const ownDatabase = handled("the stack has a Postgres of its own, with passwords that it mints");
export const ownResults = handled("the stack keeps results in its own Postgres, with a login of their own");

interface Address {
  readonly scheme: string;
  readonly host: string;
  /** URL without the scheme. */
  readonly rest: string;
}

function parseAddress(url: string): Address | undefined {
  const [, scheme, rest, host] =
    /^([a-z][a-z0-9+]*):\/\/((?:[^@]*@)?(\[[^\]]*\]|[^:/?]*).*)$/i.exec(url) ?? [];
  return scheme === undefined || host === undefined || rest === undefined
    ? undefined
    : { scheme, host, rest };
}

/** True if the input itself provides a host, which the stack replaces with its own. */
export type IsProvidedHost = (host: string) => boolean;

/** Takes over a URL as a secret if `read` accepts it; otherwise the outcome has the error. */
function convertUrl(path: SourcePath, url: string, read: (url: string) => unknown, note?: string): Outcome {
  try {
    read(url);
    return secretByCommand(path, note);
  } catch (error) {
    return unsupported(`${spell(path)}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Converts the URL of the metadata database. */
export function convertMetadataUrl(value: SecretReference, isOwn: IsProvidedHost): Outcome {
  if (typeof value !== "string") return taken(["postgres", "url"], value);
  const { scheme = "", host = "" } = parseAddress(value) ?? {};
  if (!/^postgres(ql)?(\+\w+)?$/.test(scheme)) return unsupported("expected a database of Postgres");
  if (host === "") return withoutHost;
  if (isOwn(host)) return ownDatabase;
  return convertUrl(["postgres", "url"], value, postgresLogin);
}

/** Converts the URL of Celery's result backend. */
export function convertResultsUrl(
  value: SecretReference,
  isOwn: IsProvidedHost,
  metadataUrl?: SecretReference,
): Outcome {
  if (typeof value !== "string") return taken(["postgres", "resultsUrl"], value);
  const { scheme = "", host = "", rest } = parseAddress(value.replace(/^db\+/, "")) ?? {};
  if (!/^postgres(ql)?(\+\w+)?$/.test(scheme))
    return unsupported("expected a database of Postgres: results are kept there");
  if (host === "") return withoutHost;
  if (isOwn(host)) return ownResults;
  const isMetadata = typeof metadataUrl === "string" && parseAddress(metadataUrl)?.rest === rest;
  return isMetadata
    ? handled("it is the database of the metadata")
    : convertUrl(["postgres", "resultsUrl"], value.replace(/^db\+/, ""), postgresLogin, "without db+");
}

/** Converts the URL of Celery's broker. */
export function convertBrokerUrl(value: SecretReference, isOwn: IsProvidedHost): Outcome {
  if (typeof value !== "string") return taken(["redis", "url"], value);
  const { scheme = "", host = "" } = parseAddress(value) ?? {};
  if (!/^rediss?$/.test(scheme)) return unsupported("expected Redis as the broker");
  if (host === "") return withoutHost;
  if (isOwn(host)) return handled("the stack has a Redis of its own, with passwords that it mints");
  return convertUrl(["redis", "url"], value, redisLogin);
}
