import { ownVariables } from "../../model/names/ownNames.ts";

const image =
  "it decides which programs and libraries start: expected images.airflow, an image that brings them";
const code = "it decides which code is imported: expected plugins, config, requirements or images.airflow";
const proxied =
  "the webserver's proxies are a key of the stack: expected trustedProxies, publish or kubernetes.ingress";
const flower = "the stack starts Flower, at its port and with the administrator's login: expected";

/** Variables with which Airflow, Python, Celery or Flower would bypass the stack, each with the key to use instead. */
const obeyed: readonly (readonly [name: RegExp, message: string])[] = [
  [/^AIRFLOW_HOME$/, "Airflow's home is /opt/airflow in every role: expected no value; remove it"],
  [/^HOME$/, "the image finds its packages by it: expected no value; remove it"],
  [/^(PATH|LD_PRELOAD|LD_AUDIT)$/, image],
  [/^PYTHON(PATH|HOME|USERBASE|NOUSERSITE|SAFEPATH|STARTUP)$/, code],
  [/^FORWARDED_ALLOW_IPS$/, proxied],
  [
    /^CELERYD?_(BROKER|REDIS)_/,
    "tasks are queued in the stack's Redis: expected redis.url, for an existing broker",
  ],
  [
    /^CELERYD?_RESULT_/,
    "results are in the stack's Postgres: expected postgres.resultsUrl, for an existing database",
  ],
  [/^CELERYD?_(AUTOSCALE|CONCURRENCY)/, "expected workerMinConcurrency and workerConcurrency"],
  [
    /^CELERYD?_/,
    "Celery is configured by Airflow: expected settings.celery and settings.celery.extra_celery_config",
  ],
  [/^FLOWER_(PORT|ADDRESS|UNIX_SOCKET)$/, `${flower} flowerPort and kubernetes.ingress`],
  [/^FLOWER_URL_PREFIX$/, `${flower} kubernetes.ingress.flower, a host name with a path`],
  [/^FLOWER_(CERTFILE|KEYFILE|CA_CERTS)$/, `${flower} publish, or kubernetes.ingress.tlsSecret`],
  [
    /^FLOWER_(BASIC_AUTH|AUTH|AUTH_PROVIDER|UNAUTHENTICATED_API|OAUTH2_\w+)$/,
    `${flower} adminUser and secrets.adminPassword`,
  ],
  [/^FLOWER_(BROKER|BROKER_API)$/, `${flower} redis.url`],
  [/^FLOWER_(CONF|APP)$/, `${flower} variables of single options, such as FLOWER_MAX_TASKS`],
  [
    /^_PIP_ADDITIONAL_REQUIREMENTS$/,
    "packages belong in the image, which does not change at a start: expected requirements",
  ],
  [/^_AIRFLOW_WWW_USER_/, "the stack makes the logins: expected adminUser, secrets.adminPassword and users"],
  [/^_AIRFLOW_DB_/, "the stack has a migration of its own: expected no value; remove it"],
];

/** Explains what replaces a variable, in any case, that would bypass the stack; undefined for any other variable. */
export function insteadOfVariable(name: string): string | undefined {
  const upper = name.toUpperCase();
  const found = obeyed.find(([pattern]) => pattern.test(upper));
  if (found) return found[1];
  return (ownVariables as readonly string[]).includes(upper)
    ? "the stack sets it itself: expected no value; remove it"
    : undefined;
}
