import { airflowOptions } from "../../model/airflowOptions.ts";
import { rule } from "../rule.ts";

const listens =
  "a role listens inside its container only, and the stack decides where that is published: expected";

const signing = "the stack mints the key that signs tokens: expected secrets.jwtSecret";

/** Settings that the stack mints or decides itself, with the message that names the alternative. */
const reserved: Readonly<Record<string, string>> = {
  "api.secret_key": "the stack mints it: expected secrets.apiSecretKey",
  "webserver.secret_key": "the stack mints it: expected secrets.apiSecretKey",
  "api_auth.jwt_secret": signing,
  "api_auth.jwt_private_key_path": signing,
  "api_auth.jwt_algorithm": signing,
  "api_auth.jwt_kid": signing,
  "api_auth.trusted_jwks_url": signing,
  "core.fernet_key": "the stack mints it: expected secrets.fernetKey",
  "celery.broker_url":
    "tasks are queued in the stack's Redis: expected redis.url, for one that is there already",
  "celery.flower_basic_auth":
    "Flower has the login of the administrator: expected adminUser and secrets.adminPassword",
  "database.sql_alchemy_conn":
    "the metadata is in the stack's Postgres: expected postgres.url, for one that is there already",
  "core.sql_alchemy_conn":
    "the metadata is in the stack's Postgres: expected postgres.url, for one that is there already",
  "api.host": `${listens} webserverPort and kubernetes.ingress`,
  "api.port": `${listens} webserverPort and kubernetes.ingress`,
  "webserver.web_server_host": `${listens} webserverPort and kubernetes.ingress`,
  "webserver.web_server_port": `${listens} webserverPort and kubernetes.ingress`,
  "celery.flower_host": `${listens} flowerPort and kubernetes.ingress`,
  "celery.flower_port": `${listens} flowerPort and kubernetes.ingress`,
};

/** Removes the suffix of other ways to give a secret: `fernet_key_cmd`, `fernet_key_secret`. */
function withoutSuffix(name: string): string {
  return name.replace(/_(cmd|secret)$/, "");
}

function insteadOf(name: string): string | undefined {
  return reserved[name] ?? reserved[withoutSuffix(name)];
}

/** True if a setting, by its name in lower case, is the stack's own; for the result backend see celery.ts. */
export function isReserved(name: string): boolean {
  return insteadOf(name) !== undefined || withoutSuffix(name) === "celery.result_backend";
}

/** Rejects settings that are the stack's own. */
const reservedOptions = rule(["settings.*.*"], (parsed) =>
  [...airflowOptions(parsed)].flatMap(([name, { path }]) => {
    const instead = insteadOf(name);
    return instead === undefined ? [] : [{ path, message: instead }];
  }),
);

/** Rejects settings of airflow.cfg as variables of a role: they would bypass all checks, and show secrets. */
const variables = rule(["roles.*.env.*"], ({ roles }) =>
  Object.entries(roles).flatMap(([role, { env }]) =>
    Object.keys(env)
      .filter((variable) => /^AIRFLOW__\w+__\w+$/.test(variable))
      .map((variable) => ({
        path: ["roles", role, "env", variable],
        message: "it is a setting of airflow.cfg: expected settings, by section and key",
      })),
  ),
);

export const reservedRules = [reservedOptions, variables];
