/** Names in a container that the stack uses, and that the extras of roles cannot take. */

/** File with the authorities that Airflow trusts, if a stack adds some. */
export const authoritiesFile = "/etc/ssl/airflow/authorities.pem";

/** Variables that name that file to Python and OpenSSL, `requests`, curl, Git and AWS. */
export const authorityVariables = [
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "AWS_CA_BUNDLE",
] as const;

/** Variables of a proxy; some programs read them in upper case, some in lower case. */
export const proxyVariableNames = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Variables that every stack sets, besides the settings of airflow.cfg. */
export const ownVariables = [
  "AIRFLOW_CONFIG",
  "AIRFLOW_ON_ONE_MACHINE",
  "ADMIN_PASSWORD_REPLACED",
  "FLOWER_URL_PREFIX",
  "FORWARDED_ALLOW_IPS",
  "GUNICORN_CMD_ARGS",
  "OTLP_HEADERS_FILE",
  "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK",
] as const;

/** Secrets that a stack delivers. */
export const ownSecrets = [
  "admin_password",
  "broker_url",
  "declarations.json",
  "fernet_key",
  "flower_basic_auth",
  "git_key",
  "git_password",
  "jwt_private_key_path",
  "login_secret",
  "metadata_url",
  "otlp_headers",
  "redis_client_key",
  "result_backend",
  "results_url",
  "secret_key",
  "sql_alchemy_conn",
  "sql_alchemy_conn_async",
  "trusted_jwks_url",
] as const;

/** File that Airflow's processes import when they start; the stack delivers one that imports the user's. */
export const localSettingsFile = "/opt/airflow/config/airflow_local_settings.py";

/** File that the user's `airflow_local_settings.py` is delivered as. */
export const usersLocalSettingsFile = "/opt/airflow/config/users_local_settings.py";

/** File with the host keys of the server with the DAG repository. */
export const knownHostsFile = "/opt/airflow/git_known_hosts";

/** Files that a stack delivers. */
export const ownFiles = [
  "/opt/airflow/check/check.py",
  "/opt/airflow/check/check_network.py",
  "/opt/airflow/check/check_postgres.py",
  "/opt/airflow/check/check_redis.py",
  "/opt/airflow/config/pooled_connections.py",
  usersLocalSettingsFile,
  "/opt/airflow/declare.py",
  "/opt/airflow/flower_start.py",
  knownHostsFile,
  "/opt/airflow/migrate.py",
  "/opt/airflow/postgres-ca.pem",
  "/opt/airflow/redis-ca.pem",
  "/opt/airflow/redis-client.pem",
  "/opt/airflow/start.py",
  authoritiesFile,
] as const;

/** Path of DAG files in a container. */
export const dagsFolder = "/opt/airflow/dags";

/** Directories that a stack mounts, or writes to. */
export const ownDirectories = [dagsFolder, "/opt/airflow/logs", "/opt/airflow/data", "/tmp"] as const;

/** Directories whose contents come from the stack, the machine or its engine. */
export const ownTrees = [
  "/opt/airflow/config/airflow_on_celery",
  "/opt/monitoring",
  "/run/secrets",
  "/dev",
  "/proc",
  "/sys",
] as const;

/** Volumes that a stack creates for itself. */
export const ownVolumes = ["postgres-data", "redis-data", "logs", "dags", "stack-backups", "series"] as const;
