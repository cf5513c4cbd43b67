import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { looksSecret } from "../../../importer/secrets.ts";
import { composeOf, imported } from "./disk.ts";

/** Secret that differs in each run. */
const word = `w${randomBytes(9).toString("hex")}`;

const chartFile = { main: "values.yaml" };

const secretNames =
  "PGPASSWORD MYSQL_PWD DB_PASS SMTP_PASSWD GITLAB_PAT SLACK_WEBHOOK TEAMS_WEBHOOK_URL API_KEY SECRET_KEY AUTH_TOKEN SENTRY_DSN BACKEND_KWARGS AZURE_SAS GCP_CREDENTIALS DEPLOY_KEY HASH_SALT FLOWER_BASIC_AUTH REDIS_AUTH auth".split(
    " ",
  );

for (const name of secretNames) {
  test(`${name} is a secret by its name`, () => assert.ok(looksSecret(name, word)));
}

const secretForms: [what: string, value: string][] = [
  ["a URL with a login", `https://me:${word}@git.example.com/x`],
  ["a password with a slash in a URL", `postgresql://me:a/${word}@db/x`],
  ["JDBC with a password", `jdbc:postgresql://db:5432/x?user=me&password=${word}`],
  ["JDBC of SQL Server", `jdbc:sqlserver://db;user=me;password=${word}`],
  ["JDBC of Oracle", `jdbc:oracle:thin:me/${word}@//db:1521/x`],
  ["a list of options", `host=db user=me password=${word}`],
  ["JSON with a token", `{"url": "http://vault", "token": "${word}"}`],
  ["a storage account", `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${word}`],
  ["a Slack webhook", `https://hooks.slack.com/services/T/B/${word}`],
  ["a token of GitHub's", `ghp_${word}`],
  ["a token of GitLab's", `glpat-${word}`],
  ["a key of AWS", `AKIA${word.toUpperCase()}`],
  ["a token of JSON", `eyJhbGciOi.eyJzdWIi.${word}`],
  ["random hexadecimal digits", randomBytes(20).toString("hex")],
  ["random letters", `aB3${randomBytes(24).toString("base64url")}`.replace(/[-_]/g, "x")],
];

for (const [what, value] of secretForms) {
  test(`${what} is a secret under any name`, () => assert.ok(looksSecret("SETTING", value)));
}

const secretVariables: [name: string, value: string][] = [
  ["DB_PASSWORD", "12345"],
  ["PGPASSWORD", "7"],
  ["MYSQL_PWD", "1234"],
  ["ROOT_PASS", "4711"],
  ["API_TOKEN", "9876"],
  ["CLIENT_SECRET", "42"],
  ["db_password_2", "12345"],
  ["ES_AUTH", "elastic:hunter2"],
  ["API_LOGIN", "me:hunter2"],
  ["SFTP_CREDENTIALS", "me:hunter2"],
];

for (const [name, value] of secretVariables) {
  test(`${name}=${value} is a secret`, () => assert.ok(looksSecret(name, value)));
}

const plainVariables: [name: string, value: string][] = [
  ["STAGE", "production"],
  ["TZ", "Europe/Berlin"],
  ["AWS_REGION", "eu-west-1"],
  ["TOKENIZERS_PARALLELISM", "false"],
  ["SECRET_FILE", "/run/secrets/a"],
  ["PASSWORD_MIN_LENGTH", "12"],
  ["S3_KEY_PREFIX", "raw/2024"],
  ["JAVA_HOME", "/usr/lib/jvm/java-17-openjdk-amd64"],
  ["API_URL", "https://api.example.com:8443/v1?page=2"],
  ["BROKER", "redis://:@redis:6379/0"],
  ["AUTH_BACKENDS", "airflow.api.auth.backend.session"],
  ["AUTH_TYPE", "ldap"],
  ["AUTHOR", "me:you"],
  ["LOGIN", "me"],
  ["LOGIN_URL", "https://sso/login"],
  ["MAX_TOKENS", "4096"],
  ["PASSWORD_ATTEMPTS", "3"],
  ["SECRET_VERSION", "12"],
  ["PARTITION_KEY", "3"],
  ["USE_TOKEN", "1"],
  ["BYPASS", "5"],
];

for (const [name, value] of plainVariables) {
  test(`${name}=${value} is no secret`, () => assert.ok(!looksSecret(name, value)));
}

const variables: [line: (value: string) => string, key: string][] = [
  [(value) => `PGPASSWORD: ${value}`, "roles.all.secretFiles.PGPASSWORD"],
  [(value) => `JDBC_URL: jdbc:postgresql://db/x?password=${value}`, "roles.all.secretFiles.JDBC_URL"],
  [(value) => `AIRFLOW_VAR_SLACK_WEBHOOK: ${value}`, "variables.slack_webhook"],
  [(value) => `AIRFLOW_CONN_DB: postgresql://me:${value}@db/x`, "connections.db.uri"],
  [(value) => `AIRFLOW__SECRETS__BACKEND_KWARGS: '{"token": "${value}"}'`, "settings.secrets.backend_kwargs"],
  [
    (value) => `AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: postgresql://me:${value}@db.example.com/x`,
    "postgres.url",
  ],
];

for (const [line, key] of variables) {
  test(`${line("…")} becomes the secret ${key}, and is not shown`, () => {
    const made = imported({ "compose.yaml": composeOf(`environment:\n  ${line(word)}`) });
    assert.deepEqual(made.plan.secrets, [key]);
    assert.ok(!`${made.stack}${made.report}`.includes(word));
    assert.ok(made.report.includes(`npm run secret -- ${key} --stack x`));
  });
}

for (const example of ["password", "admin", "postgres", "changeme", "Airflow"]) {
  test(`${example} as a secret variable is one to store, since the stack mints none`, () => {
    const variables = `AIRFLOW_VAR_DB_PASSWORD: ${example}, PGPASSWORD: ${example}`;
    const { plan } = imported({ "compose.yaml": composeOf(`environment: { ${variables} }`) });
    assert.deepEqual(plan.secrets, ["roles.all.secretFiles.PGPASSWORD", "variables.db_password"]);
  });
}

const elsewhere: [what: string, text: string][] = [
  ["a label", composeOf(`labels: { auth-token: ${word} }`)],
  [
    "a package index",
    composeOf(
      `environment: { _PIP_ADDITIONAL_REQUIREMENTS: "pandas --extra-index-url https://me:${word}@pypi/simple" }`,
    ),
  ],
  [
    "a setting that keeps no secret",
    composeOf(`environment: { AIRFLOW__EMAIL__SUBJECT_TEMPLATE: "https://me:${word}@x" }`),
  ],
  [
    "a host in a JSON connection",
    composeOf(`environment: { AIRFLOW_CONN_X: '{"conn_type": "http", "host": "https://me:${word}@x"}' }`),
  ],
  [
    "an option of Redis",
    composeOf(
      "",
      `redis: { image: redis:7, command: redis-server --requirepass ${word} --masterauth ${word} }`,
    ),
  ],
];

const chartPlaces: [what: string, text: string, reason: RegExp][] = [
  [
    "the environment of a container",
    `scheduler: { extraInitContainers: [{ name: a, image: i, env: [{ name: DB_PASSWORD, value: ${word} }] }] }`,
    /initContainers\[0\]: it has a secret in plain text: expected env with a secretKeyRef/,
  ],
  [
    "an option of a container",
    `workers: { extraContainers: [{ name: a, image: i, args: [--port=5, --password=${word}] }] }`,
    /a secretKeyRef in valueFrom/,
  ],
  [
    "two words of a command",
    `workers: { extraContainers: [{ name: a, image: i, command: [run, --auth-token, ${word}] }] }`,
    /a secretKeyRef in valueFrom/,
  ],
  [
    "a script of a container",
    `workers: { extraInitContainers: [{ name: a, image: i, command: [sh, -c, "export API_KEY=${word}; run"] }] }`,
    /a secretKeyRef in valueFrom/,
  ],
  ["a label of the chart", `scheduler: { labels: { api-key: ${word} } }`, /everybody can read/],
  [
    "an annotation of pods",
    `scheduler: { podAnnotations: { acme.example.com/token: ${word} } }`,
    /everybody can read/,
  ],
  [
    "an annotation of the ingress",
    `ingress: { web: { enabled: true, host: a.b, annotations: { a/snippet: 'set Authorization "Bearer ${word}";' } } }`,
    /everybody can read/,
  ],
];

for (const [what, text, reason] of chartPlaces) {
  test(`a secret in ${what} is neither written nor shown, and the report says what to do`, () => {
    const { stack, report } = imported({ "values.yaml": `executor: CeleryExecutor\n${text}\n` }, chartFile);
    assert.ok(!`${stack}${report}`.includes(word));
    assert.match(report, reason);
  });
}

test("names of Secrets, references to variables and the hash of a commit are written", () => {
  const container =
    "{ name: a, image: i, args: [--password=$(WORD), --token-file=/t], env: [{ name: WORD, valueFrom: { secretKeyRef: { name: db, key: password } } }] }";
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const { plan } = imported(
    {
      "values.yaml": `executor: CeleryExecutor
airflowVersion: 3.3.2
scheduler: { extraInitContainers: [${container}] }
workers: { extraVolumes: [{ name: s, secret: { secretName: db-password } }] }
registry: { secretName: pull-secret }
dags: { gitSync: { enabled: true, repo: https://git.example.com/dags.git, rev: ${commit} } }
`,
    },
    chartFile,
  );
  assert.deepEqual(plan.unsupported, []);
});

for (const [what, text] of elsewhere) {
  test(`a secret in ${what} is neither written nor shown`, () => {
    const { plan, stack, report } = imported({ "compose.yaml": text });
    assert.ok(!`${stack}${report}${plan.requirements}`.includes(word));
  });
}
