import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { readDefinitions } from "../../../importer/compose/read/envFile.ts";
import { shellVariables } from "../../../importer/compose/read/shell.ts";
import { composeOf, type Files, imported, type Options } from "./disk.ts";

/** Lines of `.env` files, and the variables that docker compose reads in them. */
const lines: [text: string, ...values: (readonly [name: string, value: string])[]][] = [
  ["A=1 # one", ["A", "1"]],
  ["A=1#one", ["A", "1#one"]],
  ["A='x # $y'", ["A", "x # $y"]],
  ['A="a\\nb" # c', ["A", "a\nb"]],
  ['A="one\ntwo"\nB=3', ["A", "one\ntwo"], ["B", "3"]],
  ["export A=1\nA: 2", ["A", "1"], ["A", "2"]],
  [`A=x\nB="\${A}/y"\nC=$B`, ["A", "x"], ["B", "x/y"], ["C", "x/y"]],
  [`A=\${NONE:-z}`, ["A", "z"]],
  ['A="\\$x"', ["A", "$x"]],
  ["A=$$x", ["A", "$x"]],
  ["A=\r\nB=2\r\n", ["A", ""], ["B", "2"]],
  ["\uFEFFA=1", ["A", "1"]],
  ["# a\n\n  # b\nA = 1", ["A", "1"]],
  ["FROM_SHELL", ["FROM_SHELL", "s"]],
];

for (const [text, ...values] of lines) {
  test(`${JSON.stringify(text)} is read as docker compose does`, () => {
    const read = readDefinitions(".env", text, new Map([["FROM_SHELL", "s"]]));
    assert.deepEqual(
      read.map(({ name, value }) => [name, value]),
      values,
    );
  });
}

test("an unclosed quote is reported with its line", () => {
  assert.throws(() => readDefinitions(".env", "A=1\nB='x\n"), /\.env:2: the quote ' is not closed/);
});

const env = `environment:\n  AIRFLOW__CORE__PARALLELISM: \${P}\n`;
const unset = /its variable is not set: give it in \.env/;

const rows: [
  what: string,
  files: Files,
  file: string,
  place: string,
  becomes: string | RegExp,
  options?: Options,
][] = [
  [
    "a variable of .env",
    { "compose.yaml": composeOf(env), ".env": "P=7" },
    "compose.yaml",
    "x-airflow.environment.AIRFLOW__CORE__PARALLELISM",
    "settings.core.parallelism",
  ],
  [
    "a variable that is not set",
    { "compose.yaml": composeOf(env) },
    "compose.yaml",
    "x-airflow.environment.AIRFLOW__CORE__PARALLELISM",
    unset,
  ],
  [
    "a variable that is required and not set",
    { "compose.yaml": composeOf(`environment: { TZ: '\${TZ:?which}' }`) },
    "compose.yaml",
    "x-airflow.environment.TZ",
    unset,
  ],
  [
    "a variable of the environment",
    { "compose.yaml": composeOf("environment: { STAGE: }") },
    "compose.yaml",
    "x-airflow.environment.STAGE",
    "roles.all.env.STAGE",
    { shell: { STAGE: "prod" } },
  ],
  [
    "a variable without a value",
    { "compose.yaml": composeOf("environment: [STAGE]") },
    "compose.yaml",
    "x-airflow.environment[0]",
    unset,
  ],
  [
    "an unset variable where none is needed",
    { "compose.yaml": composeOf(`user: '\${AIRFLOW_UID}:0'`) },
    "compose.yaml",
    "x-airflow.user",
    "Airflow runs as 50000:0",
  ],
  [
    "an executor whose variable is not set",
    { "compose.yaml": composeOf(`environment: { AIRFLOW__CORE__EXECUTOR: '\${EXECUTOR}' }`) },
    "compose.yaml",
    "x-airflow.environment.AIRFLOW__CORE__EXECUTOR",
    unset,
  ],
  [
    "a line of an env_file",
    { "compose.yaml": composeOf("env_file: a.env"), "a.env": "STAGE=prod" },
    "a.env",
    "STAGE",
    "roles.all.env.STAGE",
  ],
  [
    "a line that the environment replaces",
    { "compose.yaml": composeOf("env_file: [a.env]\nenvironment: { STAGE: dev }"), "a.env": "STAGE=prod" },
    "a.env",
    "STAGE",
    "compose.yaml:4 overrides it",
  ],
  [
    "an optional env_file that is missing",
    { "compose.yaml": composeOf("env_file: [{ path: a.env, required: false }]") },
    "compose.yaml",
    "x-airflow.env_file[0].path",
    "there is no such file, and it is optional",
  ],
  [
    "a missing env_file",
    { "compose.yaml": composeOf("env_file: a.env") },
    "compose.yaml",
    "x-airflow.env_file",
    /there is no such file of variables/,
  ],
  [
    "a line of .env as an env_file",
    { "compose.yaml": composeOf("env_file: .env"), ".env": "STAGE=prod" },
    ".env",
    "STAGE",
    "roles.all.env.STAGE",
  ],
  [
    "a line that the compose file does not use",
    { "compose.yaml": composeOf(), ".env": "X=1" },
    ".env",
    "X",
    "the compose file does not use this variable",
  ],
  [
    "a line for docker compose",
    { "compose.yaml": composeOf(), ".env": "COMPOSE_PROJECT_NAME=x" },
    ".env",
    "COMPOSE_PROJECT_NAME",
    /docker compose alone/,
  ],
  [
    "a value that an override replaces",
    {
      "compose.yaml": composeOf("", "flower: { <<: *airflow, command: celery flower, ports: ['5555:5555'] }"),
      "o.yaml": "services:\n  flower:\n    ports: !override ['6666:5555']\n",
    },
    "compose.yaml",
    "services.flower.ports[0]",
    "o.yaml:3 overrides it",
    { overrides: ["o.yaml"] },
  ],
  [
    "a value of an override",
    { "compose.yaml": composeOf(), "o.yaml": "services:\n  scheduler:\n    deploy: { replicas: 3 }\n" },
    "o.yaml",
    "services.scheduler.deploy.replicas",
    "schedulers",
    { overrides: ["o.yaml"] },
  ],
  [
    "a value that an override takes away",
    {
      "compose.yaml": composeOf("mem_limit: 1g"),
      "o.yaml": "services:\n  scheduler: { mem_limit: !reset null }\n  worker: { mem_limit: !reset null }\n",
    },
    "compose.yaml",
    "x-airflow.mem_limit",
    "o.yaml:2 overrides it",
    { overrides: ["o.yaml"] },
  ],
  [
    "a value of an included file",
    {
      "compose.yaml": `include: [sub/db.yaml]\n${composeOf()}`,
      "sub/db.yaml": "services:\n  db: { image: postgres:16, mem_limit: 1g }\n",
    },
    "sub/db.yaml",
    "services.db.mem_limit",
    "postgres.memory",
  ],
  [
    "a missing included file",
    { "compose.yaml": `include: [sub/db.yaml]\n${composeOf()}` },
    "compose.yaml",
    "include[0]",
    /there is no such file/,
  ],
  ...["env_file", "project_directory"].map((key): (typeof rows)[number] => [
    `${key} of an included file`,
    {
      "compose.yaml": `include: [{ path: sub/db.yaml, ${key}: sub/x }]\n${composeOf()}`,
      "sub/db.yaml": "services:\n  db: { image: postgres:16 }\n",
    },
    "compose.yaml",
    `include[0].${key}`,
    /of an include only its files are read/,
  ]),
  [
    "the path of an included file",
    {
      "compose.yaml": `include: [{ path: [sub/db.yaml], env_file: sub/x }]\n${composeOf()}`,
      "sub/db.yaml": "services:\n  db: { image: postgres:16 }\n",
    },
    "compose.yaml",
    "include[0].path[0]",
    "its file is read",
  ],
  [
    "a value of an extended service",
    {
      "compose.yaml":
        "services:\n  scheduler: { extends: { file: sub/base.yaml, service: base }, command: scheduler }\n",
      "sub/base.yaml":
        "services:\n  base: { image: apache/airflow:3.3.2, volumes: ['./dags:/opt/airflow/dags'] }\n",
      "sub/dags/a.py": "",
    },
    "sub/base.yaml",
    "services.base.volumes[0]",
    "dags",
  ],
  [
    "a value of a service that extends one in the same file",
    {
      "compose.yaml":
        "services:\n  base: { image: apache/airflow:3.3.2 }\n  scheduler: { extends: base, command: scheduler, mem_limit: 1g }\n",
    },
    "compose.yaml",
    "services.scheduler.mem_limit",
    "roles.scheduler.memory",
  ],
  [
    "a merge with its tag",
    {
      "compose.yaml": composeOf("", "triggerer: { !!merge <<: *airflow, command: triggerer, mem_limit: 1g }"),
    },
    "compose.yaml",
    "services.triggerer.mem_limit",
    "roles.triggerer.memory",
  ],
];

for (const [what, files, file, place, becomes, options] of rows) {
  test(`${what} becomes ${becomes}`, () => {
    const actual = imported(files, options).at(file, place);
    if (typeof becomes === "string") assert.equal(actual, becomes);
    else assert.match(actual, becomes);
  });
}

test("an unset variable is reported by its name", () => {
  assert.match(imported({ "compose.yaml": composeOf(env) }).report, /AIRFLOW__CORE__PARALLELISM \(P\)/);
});

test("paths of an extended service are relative to the folder of its file", () => {
  const files = {
    "compose.yaml":
      "services:\n  scheduler: { extends: { file: sub/base.yaml, service: base }, command: scheduler }\n",
    "sub/base.yaml":
      "services:\n  base: { image: apache/airflow:3.3.2, volumes: ['./dags:/opt/airflow/dags'] }\n",
    "sub/dags/a.py": "",
  };
  assert.equal(imported(files).config.dags, "./sub/dags");
});

test("a secret of compose becomes a secret file of the roles, and the value of the setting that reads it", () => {
  const key = `${randomBytes(32).toString("base64url")}=`;
  const made = imported({
    "compose.yaml": `${composeOf("secrets: [fernet]\nenvironment: { AIRFLOW__CORE__FERNET_KEY_CMD: cat /run/secrets/fernet }")}secrets: { fernet: { file: key.txt } }\n`,
    "key.txt": `${key}\n`,
  });
  assert.equal(made.at("compose.yaml", "x-airflow.secrets[0]"), "roles.all.secretFiles.fernet");
  assert.deepEqual(made.config.roles, { all: { secretFiles: { fernet: { file: "./key.txt" } } } });
  assert.deepEqual(made.plan.secrets, ["secrets.fernetKey"]);
  assert.ok(!`${made.stack}${made.report}`.includes(key));
});

test("variables of the environment are those of a shell in the compose file's folder", () => {
  const environment = {
    HOME: "/home/a",
    PWD: "/project",
    INIT_CWD: "/work",
    npm_command: "run",
    NONE: undefined,
  };
  assert.deepEqual(Object.fromEntries(shellVariables(environment, "/srv/airflow")), {
    HOME: "/home/a",
    PWD: "/srv/airflow",
  });
});
