import { formFault } from "../settings/model/secretForm.ts";
import { postgresLogin } from "../settings/model/urls/postgresUrl.ts";
import { redisLogin } from "../settings/model/urls/redisUrl.ts";
import type { SecretName } from "../settings/schema/schema.ts";
import { empty, handled, type Outcome, secret, taken, unsupported } from "./rule.ts";
import { type Path, spell } from "./source.ts";

/** A text, or a key of a Kubernetes Secret. */
export type SecretReference = string | { readonly secret: string; readonly key: string };

/** Passwords and keys of examples, which everybody knows. */
const examples = ["admin", "airflow", "airflow_jwt_secret", "changeme", "password", "postgres", "redis"];

export function isExample(given: unknown): boolean {
  return examples.includes(String(given).toLowerCase());
}

export const minted = handled("it is an example that everybody knows; the stack mints its own");

/** Whether a value is one that nobody should read in a stack file, by its name or because it is a URL with a password. */
export function looksSecret(name: string, value: string): boolean {
  const words = /(^|_)(pass|passwd|password|pwd|secret|token|credentials?|apikey|private|key|dsn|sas)(_|$)/i;
  return words.test(name) || /:\/\/[^/\s@]*:[^/\s@]+@/.test(value);
}

/** A secret of the stack: as it is referred to, or to be stored by a command, or minted instead of an example. */
export function given(path: Path, value: SecretReference, note?: string): Outcome {
  if (typeof value !== "string") return taken(path, value, note);
  if (value === "") return empty;
  if (isExample(value)) return minted;
  const [first, name] = path;
  const wrong = first === "secrets" ? formFault(name as SecretName, value) : undefined;
  return wrong === undefined ? secret(path, note) : unsupported(`${spell(path)}: ${wrong}`);
}

interface Address {
  readonly scheme: string;
  readonly host: string;
  /** All but the scheme. */
  readonly rest: string;
}

function address(url: string): Address | undefined {
  const [, scheme, rest, host] =
    /^([a-z][a-z0-9+]*):\/\/((?:[^@]*@)?(\[[^\]]*\]|[^:/?]*).*)$/i.exec(url) ?? [];
  return scheme === undefined || host === undefined || rest === undefined
    ? undefined
    : { scheme, host, rest };
}

/** Whether a host is one that the input brings along, instead of which the stack has its own. */
export type IsOwn = (host: string) => boolean;

/** A URL that the stack can read; of one that it cannot, why. */
function readable(path: Path, url: string, read: (url: string) => unknown, note?: string): Outcome {
  try {
    read(url);
    return secret(path, note);
  } catch (error) {
    return unsupported(`${spell(path)}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Where the metadata is. */
export function metadata(value: SecretReference, isOwn: IsOwn): Outcome {
  if (typeof value !== "string") return taken(["postgres", "url"], value);
  const { scheme = "", host = "" } = address(value) ?? {};
  if (!/^postgres(ql)?(\+\w+)?$/.test(scheme)) return unsupported("expected a database of Postgres");
  if (host === "" || isOwn(host))
    return handled("the stack has a Postgres of its own, with passwords that it mints");
  return readable(["postgres", "url"], value, postgresLogin);
}

/** Where Celery keeps results. */
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

/** Where Celery queues tasks. */
export function broker(value: SecretReference, isOwn: IsOwn): Outcome {
  if (typeof value !== "string") return taken(["redis", "url"], value);
  const { scheme = "", host = "" } = address(value) ?? {};
  if (!/^rediss?$/.test(scheme)) return unsupported("expected Redis as the broker");
  if (host === "" || isOwn(host))
    return handled("the stack has a Redis of its own, with passwords that it mints");
  return readable(["redis", "url"], value, redisLogin);
}
