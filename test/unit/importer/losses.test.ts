import assert from "node:assert/strict";
import { test } from "node:test";
import { composeOf, type Files, imported } from "./disk.ts";

const compose = (text: string, files: Files = {}) => imported({ ...files, "compose.yaml": text });
const values = (text: string) =>
  imported({ "values.yaml": `executor: CeleryExecutor\n${text}\n` }, { main: "values.yaml" });

/** Returns what the short report of the parts that are left to do says. */
function leftIn(report: string): string {
  return report.slice(0, report.search(/\nTaken (over|care of by the stack) \(/));
}

/** Settings that the stack decides, and what the report says of them; empty if nothing is left to do. */
const decided: [name: string, value: string, left: RegExp | undefined][] = [
  ["AIRFLOW__API__SSL_CERT", "/certs/x.crt", /expected publish\.certificate and publish\.key/],
  ["AIRFLOW__API__SSL_KEY", "/certs/x.key", /expected publish\.certificate and publish\.key/],
  ["AIRFLOW__WEBSERVER__WEB_SERVER_SSL_CERT", "/certs/x.crt", /expected publish\.certificate/],
  ["AIRFLOW__CELERY__SSL_ACTIVE", "True", /expected redis\.url with rediss:\/\/, and redis\.ca/],
  ["AIRFLOW__CELERY__SSL_CACERT", "/certs/ca.crt", /expected redis\.url with rediss:\/\/, and redis\.ca/],
  ["AIRFLOW__CELERY__SSL_KEY", "/certs/x.key", /expected redis\.certificate and redis\.key/],
  ["AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS", "team.CELERY", /expected settings\.celery and/],
  ["AIRFLOW__CELERY__FLOWER_URL_PREFIX", "/flower", /expected kubernetes\.ingress\.flower/],
  ["AIRFLOW__CELERY__SSL_ACTIVE", "False", undefined],
  [
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS",
    "airflow.providers.celery.executors.default_celery.DEFAULT_CELERY_CONFIG",
    undefined,
  ],
  ["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT", "8793", undefined],
  ["AIRFLOW__API__PORT", "8081", undefined],
  ["AIRFLOW__WEBSERVER__WEB_SERVER_PORT", "8081", undefined],
  ["AIRFLOW__WEBSERVER__WEB_SERVER_HOST", "0.0.0.0", undefined],
  ["AIRFLOW__CELERY__FLOWER_PORT", "5555", undefined],
];

for (const [name, value, left] of decided) {
  test(`${name}=${value} ${left ? "is left to do" : "leaves nothing to do"}`, () => {
    const { report, config } = compose(composeOf(`environment: { ${name}: '${value}' }`));
    assert.equal(config.settings, undefined);
    assert.match(leftIn(report), left ?? /Nothing is left to do/);
    if (left) assert.match(leftIn(report), /Not taken over:/);
  });
}

test("_secret and _cmd are part of a setting's name, unless without them it is a setting of Airflow", () => {
  const { at } = compose(
    composeOf(`environment:
  AIRFLOW__KEYCLOAK_AUTH_MANAGER__CLIENT_SECRET: abc
  AIRFLOW__TEAM__START_CMD: run
  AIRFLOW__CORE__FERNET_KEY_SECRET: path/of/key`),
  );
  const place = (name: string) => at("compose.yaml", `x-airflow.environment.AIRFLOW__${name}`);
  assert.match(place("KEYCLOAK_AUTH_MANAGER__CLIENT_SECRET"), /it is a secret, and Airflow reads no secret/);
  assert.equal(place("TEAM__START_CMD"), "settings.team.start_cmd");
  assert.match(place("CORE__FERNET_KEY_SECRET"), /a command or secrets backend gives the value/);
});

for (const queues of [`\${QUEUES}`, `\${QUEUES:?say which} -c 2`, "$QUEUES -c 2"]) {
  test(`the queues ${queues}, which are not set, are left to do`, () => {
    const { report, config } = compose(
      composeOf("", `slow: { image: apache/airflow:3.3.2, command: 'celery worker -q ${queues}' }`),
    );
    assert.match(report, /1 × its variable is not set: .* services\.slow\.command \(QUEUES\)/);
    assert.ok(!JSON.stringify(config).includes("-c"));
  });
}

test("a variable of an entrypoint that is not set is left to do, and of a migration's it is not", () => {
  const { at } = compose(
    composeOf(
      "",
      `slow: { image: apache/airflow:3.3.2, entrypoint: [bash, -c, 'airflow celery worker -q $Q'], command: [x] }
init: { image: apache/airflow:3.3.2, entrypoint: bash, command: [-c, 'test -n "$UID" && airflow db migrate'] }`,
    ),
  );
  assert.match(at("compose.yaml", "services.slow.entrypoint[2]"), /its variable is not set/);
  assert.equal(at("compose.yaml", "services.init.command[1]"), "the stack starts each role itself");
});

for (const [name, url] of [
  ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", `postgresql+psycopg2://a:\${PW}@\${HOST}/a`],
  ["AIRFLOW__CELERY__RESULT_BACKEND", `db+postgresql://a:\${PW}@\${HOST}/a`],
  ["AIRFLOW__CELERY__BROKER_URL", `redis://:\${PW}@\${HOST}:6379/0`],
]) {
  test(`the host of ${name}, which is not set, is left to do`, () => {
    const { at } = compose(composeOf(`environment: { ${name}: '${url}' }`));
    assert.match(at("compose.yaml", `x-airflow.environment.${name}`), /its variable is not set/);
  });
}

for (const [command, isOne] of [
  ["airflow celery worker -q slow & exec airflow celery worker -q fast -c 2", false],
  ["airflow celery worker -q slow & exec airflow triggerer", true],
] as const) {
  test(`that only one worker is taken over is ${isOne ? "not " : ""}left to do: ${command}`, () => {
    const { report } = compose(
      composeOf("", `slow: { image: apache/airflow:3.3.2, command: bash -c "${command}" }`),
    );
    assert.equal(/1 × it starts several workers, .*services\.slow\.command/.test(leftIn(report)), !isOne);
  });
}

test("the path of a key's file is no secret, unlike a password that begins with /", () => {
  const names = { GOOGLE_APPLICATION_CREDENTIALS: "/keys/gcp.json", SSL_KEY: "/certs/x.key" };
  const secrets = { DB_PASSWORD: "/abc/d.ef", SNOWFLAKE_KEY: "/abc", SMTP_TOKEN: "/a.b" };
  const made = compose(composeOf(`environment: ${JSON.stringify({ ...names, ...secrets })}`));
  assert.deepEqual(Object(made.config.roles).all.env, names);
  assert.deepEqual(
    made.plan.secrets,
    Object.keys(secrets)
      .map((name) => `roles.all.secretFiles.${name}`)
      .toSorted(),
  );
});

const account = '{ "type": "service_account", "private_key": "x" }';

for (const [what, text] of [
  ["mounted file", composeOf("volumes: ['./gcp.json:/keys/gcp.json:ro']")],
  [
    "config",
    `${composeOf("configs: [{ source: gcp, target: /keys/gcp.json }]")}configs: { gcp: { file: ./gcp.json } }\n`,
  ],
]) {
  test(`a ${what} that is a key becomes a secret file`, () => {
    const { config, report } = compose(text ?? "", { "gcp.json": account });
    assert.deepEqual(config.roles, { all: { secretFiles: { "gcp.json": { file: "./gcp.json" } } } });
    assert.match(leftIn(report), /it is a secret: read it at \/run\/secrets\/gcp\.json/);
  });
}

test("a mounted file with a password in it is left to do", () => {
  const files = { "odbc.ini": "[db]\nhost = x\npassword = hunter2\n", "plain.ini": "[db]\nhost = x\n" };
  const mounts = Object.keys(files).map((name) => `./${name}:/etc/team/${name}`);
  const { report, config } = compose(composeOf(`volumes: ${JSON.stringify(mounts)}`), files);
  assert.deepEqual(config.roles, {
    all: { files: { "/etc/team/odbc.ini": "./odbc.ini", "/etc/team/plain.ini": "./plain.ini" } },
  });
  assert.match(leftIn(report), /1 × it may have a secret, which everybody can read there/);
});

test("a secret of compose at a path of its own is left to do", () => {
  const text = composeOf(
    "secrets: [{ source: a, target: /etc/a.txt }, { source: a, target: /run/secrets/b }]",
  );
  const { report } = compose(`${text}secrets: { a: { file: ./a.txt } }\n`, { "a.txt": "x" });
  assert.match(leftIn(report), /1 × read it at \/run\/secrets\/a\.txt: .*secrets\[0\]/);
  assert.ok(!leftIn(report).includes("/run/secrets/b"));
});

test("a field of all roles stays, if a role has the field too", () => {
  const { config, plan } = values(`airflowPodAnnotations: { a: 1, b: 2 }
volumes: [{ name: x, emptyDir: {} }]
volumeMounts: [{ name: x, mountPath: /x }]
workers: { podAnnotations: { b: 3, c: 4 }, celery: { extraVolumes: [{ name: y, emptyDir: {} }] } }
scheduler: { extraVolumeMounts: [{ name: x, mountPath: /y }] }`);
  const x = { name: "x", emptyDir: {} };
  const mount = { name: "x", mountPath: "/x" };
  assert.deepEqual(config.roles, {
    all: { pod: { annotations: { a: "1", b: "2" }, volumes: [x], volumeMounts: [mount] } },
    worker: {
      pod: { annotations: { a: "1", b: "3", c: "4" }, volumes: [x, { name: "y", emptyDir: {} }] },
    },
    scheduler: { pod: { volumeMounts: [mount, { name: "x", mountPath: "/y" }] } },
  });
  assert.deepEqual(plan.unsupported, []);
});

test("DAGs of submodules are left to do", () => {
  const { report } = values("dags: { gitSync: { enabled: true, repo: https://a.example.com/b.git } }");
  assert.match(leftIn(report), /DAGs of submodules, which Airflow does not fetch/);
});

for (const [version, becomes] of [
  ["3.1.3", /3\.1\.3 is not supported; the migration brings its database to 3\.3\.2; build it/],
  ["1.10.15", /Airflow 1\.10\.15 is not supported: expected .*; build it/],
  ["3.3.2", /× build it/],
] as const) {
  test(`the report says what becomes of the version of a Dockerfile, ${version}`, () => {
    const services = composeOf("").replace("image: apache/airflow:3.3.2", "build: .");
    const { report } = compose(services, { Dockerfile: `FROM apache/airflow:${version}\n` });
    assert.match(leftIn(report), becomes);
  });
}

for (const [mount, left] of [
  ["'m:/m:ro'", /1 × tasks may write to the volume/],
  ["{ type: volume, source: m, target: /m, read_only: true }", /1 × tasks may write to the volume/],
  ["{ type: volume, source: m, target: /m, volume: { subpath: x } }", /without its subpath/],
  ["'m:/m'", /Nothing is left to do/],
] as const) {
  test(`of the mount ${mount} the report says ${left}`, () => {
    const { report, config } = compose(`${composeOf(`volumes: [${mount}]`)}volumes: { m: }\n`);
    assert.deepEqual(config.roles, { all: { volumes: { "/m": "m" } } });
    assert.match(leftIn(report), left);
  });
}

test("the seconds of a toleration are left to do", () => {
  const toleration = (more: string) => `{ key: a, operator: Exists, effect: NoExecute${more} }`;
  const { report, config } = values(
    `workers: { celery: { sets: [{ name: a, queue: a, tolerations: [${toleration(", tolerationSeconds: 60")}, ${toleration("")}] }] } }`,
  );
  const [{ tolerations }] = config.workerGroups as [{ tolerations: unknown }];
  assert.deepEqual(tolerations, Array(2).fill({ key: "a", effect: "NoExecute" }));
  assert.match(leftIn(report), /1 × .*without tolerationSeconds: .*tolerations\[0\]/);
});

test("names and queues that are not taken over are not in the stack file", () => {
  const chart = values(`workers:
  queue: "default,{{ .Values.q }}"
  celery: { sets: [{ name: BIG_mem, queue: big }] }`);
  assert.deepEqual(chart.config.workerGroups, [{ queues: ["big"] }, { name: "main" }]);
  const made = compose(
    composeOf("", "slow: { image: apache/airflow:3.3.2, command: celery worker -q $$QUEUE }"),
  );
  assert.deepEqual(made.config.workerGroups, [{ name: "slow" }]);
  assert.match(leftIn(made.report), /Not taken over:\n.*workerGroups\[0\]\.queues: expected letters/);
});

test("the report says why a service extends none", () => {
  const services = `a: { extends: { service: nosuch } }
b: { extends: { service: c } }
c: { extends: b }
d: { extends: { file: other.yaml, service: nosuch } }
e: { extends: { file: nosuch.yaml, service: x } }`;
  const { at } = compose(composeOf("", services), { "other.yaml": "services: { x: { image: a } }\n" });
  const place = (name: string) => at("compose.yaml", `services.${name}`);
  assert.equal(place("a.extends.service"), "there is no such service");
  assert.equal(place("b.extends.service"), "services extend each other in a circle");
  assert.equal(place("d.extends.service"), "there is no such service");
  assert.match(place("e.extends.file"), /there is no such file/);
});

for (const [proxies, proxy] of [
  ["no_proxy: x", undefined],
  ["no_proxy: x, HTTPS_PROXY: 'http://me:word@p:3128'", undefined],
  ["no_proxy: x, https_proxy: 'http://p:3128'", { https: "http://p:3128", no: ["x"] }],
] as const) {
  test(`of the variables ${proxies} the proxy is ${JSON.stringify(proxy)}`, () => {
    const { config, report } = compose(composeOf(`environment: { ${proxies} }`));
    assert.deepEqual(config.proxy, proxy);
    assert.equal(report.includes("without a proxy it has no effect"), proxy === undefined);
  });
}

for (const [image, version] of [
  ["bitnami/airflow:2", undefined],
  ["docker.io/bitnamilegacy/airflow-worker:2.10.5", "2.11.2"],
  ["bitnami/airflow:3.3.2", "3.3.2"],
]) {
  test(`${image} is no image of the stack's`, () => {
    const { config, report } = compose(composeOf("").replace("apache/airflow:3.3.2", String(image)));
    assert.deepEqual([config.version, config.images], [version, undefined]);
    assert.match(leftIn(report), /Bitnami's image does not run here/);
  });
}

/** Values of the chart, and what the report says of the value at a place. */
const chartValues: [text: string, place: string, becomes: string | RegExp][] = [
  ["apiServer: { hpa: { enabled: true } }", "apiServer.hpa.enabled", /expected webservers/],
  ["apiServer: { hpa: { enabled: true, maxReplicaCount: 5 } }", "apiServer.hpa.maxReplicaCount", /expected/],
  [
    "apiServer: { hpa: { enabled: false, maxReplicaCount: 5 } }",
    "apiServer.hpa.maxReplicaCount",
    "it is off",
  ],
  [
    "networkPolicies: { enabled: true }\nwebserver: { networkPolicy: { ingress: { from: [{ a: b }] } } }",
    "webserver.networkPolicy.ingress.from[0].a",
    /expected kubernetes\.ingress or kubernetes\.egress/,
  ],
  [
    "webserver: { networkPolicy: { ingress: { from: [{ a: b }] } } }",
    "webserver.networkPolicy.ingress.from[0].a",
    "it is off",
  ],
  ["config: { core: { parallelism: '{{ .Values.a }}' } }", "config.core.parallelism", /template/],
  [
    "config: { core: { dags_folder: '{{ include \"airflow_dags\" . }}' } }",
    "config.core.dags_folder",
    "the stack decides it",
  ],
  ["triggerer: { keda: { enabled: true } }", "triggerer.keda.enabled", /expected triggerers/],
  [
    "workers: { kerberosSidecar: { enabled: true } }",
    "workers.kerberosSidecar.enabled",
    "the stack has no equivalent",
  ],
  ["ingress: { statsd: { enabled: true } }", "ingress.statsd.enabled", /only the webserver and Flower/],
  [
    "databaseCleanup: { enabled: true, tables: [log] }",
    "databaseCleanup.tables[0]",
    /old records of all tables are removed/,
  ],
  ["databaseCleanup: { enabled: false, tables: [log] }", "databaseCleanup.tables[0]", "it is off"],
  ["webserver: { webserverConfig: AUTH_TYPE = 2 }", "webserver.webserverConfig", /roles\.webserver\.files/],
  ["apiServer: { apiServerConfig: AUTH_TYPE = 2 }", "apiServer.apiServerConfig", /roles\.webserver\.files/],
  [
    "dagProcessor: { dagBundleConfigList: [{ name: a, classpath: b }] }",
    "dagProcessor.dagBundleConfigList[0].name",
    /expected dagsGit, or a repository of each in dagBundles/,
  ],
  [
    "workers: { celery: { serviceAccount: { annotations: { a: b } } } }",
    "workers.celery.serviceAccount.annotations.a",
    "kubernetes.serviceAccount.annotations.a",
  ],
  [
    "scheduler: { serviceAccount: { create: false, name: own } }",
    "scheduler.serviceAccount.name",
    /the stack makes its own: expected kubernetes\.serviceAccount\.annotations/,
  ],
  ["scheduler: { serviceAccount: { name: own } }", "scheduler.serviceAccount.name", "names are the stack's"],
  ...[
    ["webserver: { defaultUser: { password: '{{ .Values.a }}' } }", "webserver.defaultUser.password"],
    ["labels: { a: '{{ .Values.a }}' }", "labels.a"],
    ["ingress: { web: { enabled: true, host: '{{ .Values.a }}' } }", "ingress.web.host"],
  ].map(([text = "", place = ""]): [string, string, string] => [
    text,
    place,
    "it is a template of Helm's: give its rendered value",
  ]),
];

for (const [text, place, becomes] of chartValues) {
  test(`of the chart's ${text}, ${place} becomes ${becomes}`, () => {
    const actual = values(text).at("values.yaml", place);
    if (typeof becomes === "string") assert.equal(actual, becomes);
    else assert.match(actual, becomes);
  });
}

for (const [what, given] of [
  ["script before a role", "entrypoint: /team/start.sh, command: scheduler"],
  ["script before a shell", "entrypoint: [/team/start.sh], command: bash -c 'exec airflow scheduler'"],
  ["script of a shell before a role", "entrypoint: [bash, /team/start.sh], command: scheduler"],
]) {
  test(`the report names a ${what}`, () => {
    const { report, at } = compose(composeOf("", `second: { image: apache/airflow:3.3.2, ${given} }`));
    assert.match(
      leftIn(report),
      /the stack starts roles only, without start\.sh: .*services\.second\.command/,
    );
    assert.match(at("compose.yaml", "services.second.command"), /start\.sh/);
  });
}

for (const entrypoint of [
  "/entrypoint",
  "[/usr/bin/dumb-init, --, /entrypoint]",
  "[wait-for-it.sh, db, --]",
]) {
  test(`the report says nothing of the entrypoint ${entrypoint}`, () => {
    const services = `second: { image: apache/airflow:3.3.2, entrypoint: ${entrypoint}, command: triggerer }`;
    assert.match(compose(composeOf("", services)).report, /Nothing is left to do/);
  });
}

for (const target of ["/opt/airflow/airflow.cfg", "/opt/airflow/config/airflow.cfg"]) {
  test(`the settings of a config at ${target} are taken over`, () => {
    const configs = `configs: { cfg: { file: ./team.cfg } }\n`;
    const { config, at } = compose(
      `${composeOf(`configs: [{ source: cfg, target: ${target} }]`)}${configs}`,
      {
        "team.cfg": "[core]\nparallelism = 9\n",
      },
    );
    assert.deepEqual(config.settings, { core: { parallelism: 9 } });
    assert.equal(config.roles, undefined);
    assert.equal(at("team.cfg", "core.parallelism"), "settings.core.parallelism");
  });
}

for (const [line, isSecret] of [
  ['AUTH_LDAP_BIND_PASSWORD = "hunter2"', true],
  ["  password: hunter2", true],
  ['AUTH_LDAP_BIND_PASSWORD = os.environ["PW"]', false],
  ["keys = root", false],
] as const) {
  test(`a mounted file with ${line} is ${isSecret ? "" : "not "}left to do`, () => {
    const { report } = compose(composeOf("volumes: ['./a.txt:/etc/team/a.txt']"), {
      "a.txt": `first\n${line}\nlast\n`,
    });
    assert.equal(/it may have a secret/.test(report), isSecret);
  });
}

test("no worker of a group has the name of another group", () => {
  const services = `w1: { image: apache/airflow:3.3.2, command: celery worker -q a, scale: 2 }
w2: { image: apache/airflow:3.3.2, command: celery worker -q b }`;
  const { config } = compose(composeOf("", services));
  assert.deepEqual(config.workerGroups, [
    { name: "w", queues: ["a"], workers: 2 },
    { name: "w2", queues: ["b"] },
  ]);
});

for (const [given, files, isLeft] of [
  ["image: acme/airflow:3.3.2", {}, true],
  ["image: acme/airflow:3.3.2\nbuild: .", {}, true],
  ["build: .", { Dockerfile: "FROM apache/airflow:3.3.2\nCOPY dags dags\n" }, true],
  ["image: apache/airflow:3.3.2", {}, false],
  ["image: acme/airflow:3.3.2\nvolumes: ['./d:/opt/airflow/dags']", { "d/a.py": "" }, false],
  ["image: acme/airflow:3.3.2\nvolumes: ['./h:/opt/airflow']", { "h/dags/a.py": "" }, false],
  ["image: acme/airflow:3.3.2\nvolumes: ['./d:/opt/airflow/dags/team']", { "d/a.py": "" }, false],
  [
    "image: acme/airflow:3.3.2\nenvironment: { AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST: '[]' }",
    {},
    false,
  ],
] as [string, Files, boolean][]) {
  test(`DAGs in an image are ${isLeft ? "" : "not "}left to do: ${given.replaceAll("\n", ", ")}`, () => {
    const text = composeOf(given).replace("  image: apache/airflow:3.3.2\n", "");
    const { report } = compose(text, files);
    assert.equal(leftIn(report).split("no folder of DAGs is mounted").length - 1, isLeft ? 1 : 0);
  });
}

for (const [mode, becomes] of [
  ["global", /expected workers, or those of machines/],
  ["replicated", /their number is taken over/],
] as const) {
  test(`of the mode ${mode} the report says ${becomes}`, () => {
    const services = `second: { image: apache/airflow:3.3.2, command: celery worker, deploy: { mode: ${mode} } }`;
    assert.match(compose(composeOf("", services)).at("compose.yaml", "services.second.deploy.mode"), becomes);
  });
}

test("options of a server behind a script are taken over", () => {
  const command = "[docker-entrypoint.sh, sh, -c, 'redis-server --maxmemory 300mb']";
  const { config } = compose(composeOf("", `redis: { image: redis:7, command: ${command} }`));
  assert.deepEqual(config.redis, { settings: { maxmemory: "300mb" } });
});
