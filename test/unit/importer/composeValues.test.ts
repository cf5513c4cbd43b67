import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "../../../settings/read/validate.ts";
import { composeOf, type Files, imported } from "./disk.ts";

/** Files, and the value that the imported stack has at a key. */
const rows: [what: string, files: Files, key: string, value: unknown][] = [
  [
    "a mounted folder of DAGs",
    { "compose.yaml": composeOf("volumes: ['./d:/opt/airflow/dags']"), "d/a.py": "" },
    "dags",
    "./d",
  ],
  [
    "DAGS_FOLDER below a mounted folder",
    {
      "compose.yaml": composeOf(
        "environment: { AIRFLOW__CORE__DAGS_FOLDER: /repo/etl/dags }\nvolumes: ['.:/repo']",
      ),
      "etl/dags/a.py": "",
    },
    "dags",
    "./etl/dags",
  ],
  [
    "DAGS_FOLDER below a mounted folder, which stays mounted",
    {
      "compose.yaml": composeOf(
        "environment: { AIRFLOW__CORE__DAGS_FOLDER: /repo/dags }\nvolumes: ['./r:/repo']",
      ),
      "r/dags/a.py": "",
    },
    "roles",
    { all: { volumes: { "/repo": "./r" } } },
  ],
  [
    "DAGS_FOLDER elsewhere",
    {
      "compose.yaml": composeOf("environment: { AIRFLOW__CORE__DAGS_FOLDER: /etl }\nvolumes: ['./d:/etl']"),
      "d/a.py": "",
    },
    "dags",
    "./d",
  ],
  [
    "a mount of all of Airflow's home",
    { "compose.yaml": composeOf("volumes: ['.:/opt/airflow']"), "dags/a.py": "", "plugins/a.py": "" },
    "dags",
    "./dags",
  ],
  [
    "plugins in a mount of all of Airflow's home",
    { "compose.yaml": composeOf("volumes: ['.:/opt/airflow']"), "dags/a.py": "", "plugins/a.py": "" },
    "plugins",
    "./plugins",
  ],
  [
    "modules in a mount of all of Airflow's home",
    { "compose.yaml": composeOf("volumes: ['.:/opt/airflow']"), "config/airflow_local_settings.py": "" },
    "config",
    "./config",
  ],
  [
    "modules in a mount of a folder above Airflow's home",
    { "compose.yaml": composeOf("volumes: ['./opt:/opt']"), "opt/airflow/config/team_policies.py": "" },
    "config",
    "./opt/airflow/config",
  ],
  [
    "a folder of plugins",
    { "compose.yaml": composeOf("volumes: ['./own:/opt/airflow/plugins']"), "own/a.py": "" },
    "plugins",
    "./own",
  ],
  [
    "modules in a mounted folder config",
    {
      "compose.yaml": composeOf("volumes: ['./config:/opt/airflow/config']"),
      "config/airflow_local_settings.py": "",
      "config/airflow.cfg": "",
    },
    "config",
    "./config",
  ],
  [
    "other files in a mounted folder config",
    {
      "compose.yaml": composeOf("volumes: ['./config:/opt/airflow/config']"),
      "config/log.py": "",
      "config/log.json": "{}",
    },
    "roles",
    { all: { files: { "/opt/airflow/config/log.json": "./config/log.json" } } },
  ],
  [
    "airflow.cfg in a mounted folder config",
    {
      "compose.yaml": composeOf("volumes: ['./config:/opt/airflow/config']"),
      "config/airflow.cfg": "[core]\n# parallelism = 4\nmax_active_tasks_per_dag = 9\n",
    },
    "settings",
    { core: { max_active_tasks_per_dag: 9 } },
  ],
  [
    "a setting under its name of Airflow 2",
    { "compose.yaml": composeOf("environment: { AIRFLOW__CORE__DAG_CONCURRENCY: 9 }") },
    "settings",
    { core: { max_active_tasks_per_dag: 9 } },
  ],
  [
    "an empty variable",
    { "compose.yaml": composeOf(`environment: { FOO: "", BAR: '\${BAR:-}' }`) },
    "roles",
    { all: { env: { FOO: "", BAR: "" } } },
  ],
  [
    "an empty variable of a file",
    { "compose.yaml": composeOf("env_file: a.env"), "a.env": "FOO=\n" },
    "roles",
    { all: { env: { FOO: "" } } },
  ],
  [
    "an empty variable of Airflow",
    { "compose.yaml": composeOf(`environment: { AIRFLOW_VAR_X: "", AIRFLOW_VAR_DB_PASSWORD: "" }`) },
    "variables",
    { x: "", db_password: "" },
  ],
  [
    "percent signs in airflow.cfg",
    {
      "compose.yaml": composeOf("volumes: ['./airflow.cfg:/opt/airflow/airflow.cfg']"),
      "airflow.cfg": "[logging]\nlog_format = [%%(asctime)s] 5%%\nsimple_log_format = %(log_format)s\n",
    },
    "settings",
    { logging: { log_format: "[%(asctime)s] 5%" } },
  ],
  [
    "percent signs in a variable",
    { "compose.yaml": composeOf("environment: { AIRFLOW__LOGGING__LOG_FORMAT: '%%(asctime)s' }") },
    "settings",
    { logging: { log_format: "%%(asctime)s" } },
  ],
  [
    "a list of hosts with a comma at its end",
    {
      "compose.yaml": composeOf(
        "environment: { HTTP_PROXY: http://p:3128, NO_PROXY: 'localhost, 10.0.0.0/8,' }",
      ),
    },
    "proxy",
    { http: "http://p:3128", no: ["localhost", "10.0.0.0/8"] },
  ],
  [
    "an integer of 18 digits",
    { "compose.yaml": composeOf("environment: { ACCOUNT: 987654321098765432 }") },
    "roles",
    { all: { env: { ACCOUNT: "987654321098765432" } } },
  ],
  [
    "a JSON connection whose port is a text",
    { "compose.yaml": composeOf(`environment: { AIRFLOW_CONN_X: '{"conn_type": "http", "port": "5433"}' }`) },
    "connections",
    { x: { type: "http", port: 5433 } },
  ],
  [
    "autoscaling of workers, which wins over their concurrency",
    {
      "compose.yaml": composeOf(
        "environment: { AIRFLOW__CELERY__WORKER_CONCURRENCY: 4, AIRFLOW__CELERY__WORKER_AUTOSCALE: '16,2' }",
      ),
    },
    "workerConcurrency",
    16,
  ],
  [
    "options of Redis with several words",
    {
      "compose.yaml": composeOf(
        "",
        "redis: { image: redis:7, command: redis-server --save 60 1 --maxmemory 1gb --appendfsync always }",
      ),
    },
    "redis",
    { settings: { maxmemory: "1gb", appendfsync: "always" } },
  ],
  [
    "options of Postgres",
    {
      "compose.yaml": composeOf(
        "",
        "db: { image: postgres:16, command: [postgres, -c, max_connections=300, -cwork_mem=8MB, --shared_buffers=1GB] }",
      ),
    },
    "postgres",
    { settings: { max_connections: "300", work_mem: "8MB", shared_buffers: "1GB" } },
  ],
  [
    "the memory of the Postgres with the metadata, not of another one",
    {
      "compose.yaml": composeOf(
        "environment: { AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: 'postgresql+psycopg2://a:b@meta/airflow' }",
        "warehouse: { image: postgres:16, mem_limit: 9g }\nmeta: { image: postgres:16, mem_limit: 1g }",
      ),
    },
    "postgres",
    { memory: 1024 },
  ],
  [
    "shared memory of Postgres, which is not its memory",
    { "compose.yaml": composeOf("", "db: { image: postgres:16, shm_size: 256m }") },
    "postgres",
    undefined,
  ],
  [
    "shared memory of a worker",
    {
      "compose.yaml": composeOf(
        "",
        "ml: { image: apache/airflow:3.3.2, command: celery worker -q ml, shm_size: 1gb }",
      ),
    },
    "roles",
    { worker: { sharedMemory: 1024 } },
  ],
  [
    "no Postgres of the file, if the metadata database is elsewhere",
    {
      "compose.yaml": composeOf(
        "environment: { AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: 'postgresql://a:b@db.example.com/airflow' }",
        "warehouse: { image: postgres:16, mem_limit: 9g }",
      ),
    },
    "postgres",
    undefined,
  ],
  [
    "a team's image",
    {
      "compose.yaml": composeOf(
        "",
        "t: { image: 'acme/pipelines:1.4.0', command: airflow triggerer }",
      ).replace("apache/airflow:3.3.2", "acme/pipelines:1.4.0"),
    },
    "version",
    undefined,
  ],
  [
    "the Dockerfile of a team's image",
    {
      "compose.yaml": composeOf("build: .").replace("apache/airflow:3.3.2", "acme/pipelines:1.4.0"),
      Dockerfile: "ARG AIRFLOW_VERSION=2.11.2\nFROM apache/airflow:$AIRFLOW_VERSION-python3.12\n",
    },
    "version",
    "2.11.2",
  ],
  [
    "a build argument",
    {
      "compose.yaml": composeOf("build: { context: ., args: { AIRFLOW_VERSION: 2.11.2 } }").replace(
        "  image: apache/airflow:3.3.2\n",
        "",
      ),
    },
    "version",
    "2.11.2",
  ],
];

/** Returns a compose file whose roles mount the volume `shared`, with a definition. */
const definedVolume = (definition: string, target = "/models") =>
  `${composeOf(`volumes: ['shared:${target}']`)}volumes: { shared: ${definition} }\n`;

rows.push(
  ...[
    "{ driver: local, driver_opts: { type: none, o: bind, device: ./d } }",
    "{ driver_opts: { o: 'ro,bind', device: d } }",
  ].map((definition): (typeof rows)[number] => [
    `the folder of a volume ${definition}`,
    { "compose.yaml": definedVolume(definition), "d/a": "" },
    "roles",
    { all: { volumes: { "/models": "./d" } } },
  ]),
  [
    "DAGs in a volume that is a folder",
    {
      "compose.yaml": definedVolume("{ driver_opts: { o: bind, device: ./d } }", "/opt/airflow/dags"),
      "d/a.py": "",
    },
    "dags",
    "./d",
  ],
  [
    "a volume of an included file",
    {
      "compose.yaml": `include: [sub/v.yaml]\n${composeOf("volumes: ['shared:/models:ro']")}`,
      "sub/v.yaml": "volumes: { shared: { driver_opts: { o: bind, device: ./d } } }\n",
      "sub/d/a": "",
    },
    "roles",
    { all: { volumes: { "/models": "./sub/d" } } },
  ],
);

for (const definition of [
  "{ driver_opts: { type: nfs, o: 'addr=10.0.0.9,rw', device: ':/export' } }",
  "{ driver: rexray }",
  "{ external: true, name: prod_models }",
  "{ external: { name: prod_models } }",
]) {
  test(`the data of a volume ${definition} is left to do`, () => {
    const { report } = imported({ "compose.yaml": definedVolume(definition) });
    assert.match(
      report,
      /Not taken over:\n {2}\d × its data is not in the stack's volume: .*volumes\.shared/,
    );
  });
}

const openings: [service: string, webserver: number | undefined, flower: number | undefined][] = [
  ["command: api-server, ports: ['5678:5678', '8088:8080']", 8088, undefined],
  [
    "command: api-server, ports: [{ target: 9090, published: 9 }, { target: 8080, published: 88 }]",
    88,
    undefined,
  ],
  ["command: api-server -p 8081, ports: ['8080:8080', '88:8081']", 88, undefined],
  ["command: webserver --port=80, ports: ['88:80']", 88, undefined],
  [
    "command: api-server, environment: { AIRFLOW__API__PORT: 80 }, ports: ['88:80', '89:8080']",
    88,
    undefined,
  ],
  [
    "command: webserver, environment: { AIRFLOW__WEBSERVER__WEB_SERVER_PORT: 80 }, ports: ['127.0.0.1:88:80']",
    88,
    undefined,
  ],
  ["command: celery flower, ports: ['9:9', '5556:5555']", undefined, 5556],
  ["command: celery flower --port 80, ports: ['5555:5555', '88:80']", undefined, 88],
  ["command: celery flower, environment: { FLOWER_PORT: 80 }, ports: ['88:80']", undefined, 88],
  ["command: scheduler, ports: ['8080:8080']", undefined, undefined],
  ["command: api-server, ports: ['8080']", undefined, undefined],
];

for (const [service, webserverPort, flowerPort] of openings) {
  test(`of the service { ${service} }, ${webserverPort ?? flowerPort ?? "nothing"} is published`, () => {
    const { config } = imported({
      "compose.yaml": composeOf("", `web: { image: apache/airflow:3.3.2, ${service} }`),
    });
    assert.deepEqual([config.webserverPort, config.flowerPort], [webserverPort, flowerPort]);
  });
}

test("a port of another program is not imported", () => {
  const web = "web: { image: apache/airflow:3.3.2, command: api-server, ports: ['5678:5678'] }";
  const made = imported({ "compose.yaml": composeOf("", web) });
  assert.equal(
    made.at("compose.yaml", "services.web.ports[0]"),
    "only the webserver and Flower are published",
  );
});

for (const line of [
  `_PIP_ADDITIONAL_REQUIREMENTS: "\${_PIP_ADDITIONAL_REQUIREMENTS:-}"`,
  `AIRFLOW__CORE__FERNET_KEY: ""`,
  `AIRFLOW__CORE__EXECUTOR: ""`,
  `AIRFLOW_CONN_X: ""`,
  `HTTP_PROXY: ""`,
  `PYTHONPATH: ""`,
]) {
  test(`${line} is empty`, () => {
    const made = imported({ "compose.yaml": composeOf(`environment: { ${line} }`) });
    const [name] = line.split(":");
    assert.equal(made.at("compose.yaml", `x-airflow.environment.${name}`), "it is empty");
  });
}

for (const shared of [
  "mem_limit: 2g\ncpus: 1.5",
  "deploy: { resources: { limits: { memory: 2g, cpus: '1.5' } } }",
]) {
  test(`sizes of all services are those of each role and of the workers: ${shared.replace("\n", "; ")}`, () => {
    const services =
      "init: { <<: *airflow, command: db migrate }\nml: { <<: *airflow, command: celery worker -q ml }";
    const { config } = imported({ "compose.yaml": composeOf(shared, services) });
    const size = { memory: 2048, cpu: 1.5 };
    assert.deepEqual(config.roles, { scheduler: size, migration: size });
    assert.deepEqual([config.workerMemory, config.workerCpu], [2048, 1.5]);
    assert.deepEqual(config.workerGroups, [{ name: "ml", queues: ["ml"], ...size }]);
    assert.deepEqual(validate({ ...config }).faults, []);
  });
}

const server = (image: string, rest: string) => composeOf("", `server: { image: '${image}', ${rest} }`);
const role = (rest: string) => composeOf("", `role: { image: apache/airflow:3.3.2, ${rest} }`);
const without = (flags: string) => `the stack starts roles without ${flags}: give settings instead`;

/** Values that are lost, and what the report says of them. */
const lost: [text: string, place: string, becomes: string | RegExp][] = [
  [
    server("postgres:16", "logging: { driver: fluentd }"),
    "server.logging.driver",
    /collect it from the engine/,
  ],
  [role("command: triggerer, logging: { driver: awslogs }"), "role.logging.driver", /collect it from the/],
  [role("command: triggerer, logging: { driver: local }"), "role.logging.driver", /three files of 10 MB/],
  [
    role("command: triggerer, logging: { options: { max-size: 1m } }"),
    "role.logging.options.max-size",
    /three files/,
  ],
  [
    server("postgres:16", "volumes: ['./init.sql:/docker-entrypoint-initdb.d/init.sql']"),
    "server.volumes[0]",
    /runs no scripts of yours: run them with psql/,
  ],
  [
    server("postgres:16", "volumes: ['./pg.conf:/etc/postgresql/postgresql.conf']"),
    "server.volumes[0]",
    /reads no files of yours: expected postgres\.settings/,
  ],
  [
    server("postgres:16", "environment: { POSTGRES_INITDB_ARGS: --data-checksums }"),
    "server.environment.POSTGRES_INITDB_ARGS",
    /made with options of its own/,
  ],
  [server("postgres:16", "configs: [pg.conf]"), "server.configs[0]", /expected postgres\.settings/],
  [
    server("redis:7", "volumes: ['./redis.conf:/usr/local/etc/redis/redis.conf']"),
    "server.volumes[0]",
    /expected redis\.settings/,
  ],
  [server("redis:7", "volumes: ['./data:/data']"), "server.volumes[0]", /a volume of its own/],
  [
    server("postgres:16", "volumes: ['./data:/var/lib/postgresql/data']"),
    "server.volumes[0]",
    /a volume of its own/,
  ],
  [server("postgres:16", "volumes: ['data:/pg']"), "server.volumes[0]", /a volume of its own/],
  [
    server("redis:7", "volumes: ['/etc/localtime:/etc/localtime:ro']"),
    "server.volumes[0]",
    "its clock is in UTC",
  ],
  ...["/etc/localtime", "/etc/timezone"].map((path): (typeof lost)[number] => [
    role(`command: triggerer, volumes: ['${path}:${path}:ro']`),
    "role.volumes[0]",
    /containers are in UTC: give roles the variable TZ/,
  ]),
  [
    role("command: triggerer --capacity 50 --queues a"),
    "role.command",
    `the stack starts roles without --queues: expected workerGroups[].triggerers; ${without("--capacity")}`,
  ],
  [
    role("command: api-server --ssl-cert /x.crt --ssl-key=/x.key"),
    "role.command",
    "the stack starts roles without --ssl-cert: expected publish.certificate; the stack starts roles without --ssl-key: expected publish.key",
  ],
  [role("command: api-server --port 8080 --workers=4"), "role.command", without("--workers")],
  [
    role("command: celery flower --url_prefix=/f --basic_auth=me:word"),
    "role.command",
    "the stack starts roles without --url_prefix: expected kubernetes.ingress.flower, a host name with a path",
  ],
  [role("command: scheduler -n -1 -l /dev/null"), "role.command", without("-n")],
  [role("command: celery worker --umask 077 -l info"), "role.command", without("--umask")],
  [role("command: db migrate --use-migration-files"), "role.command", "the stack starts each role itself"],
  [role("command: webserver -D -p8080"), "role.command", "the stack starts each role itself"],
];

for (const [text, place, becomes] of lost) {
  test(`of ${text.split("\n").at(-2)?.trim()}, ${place} is reported: ${becomes}`, () => {
    const actual = imported({ "compose.yaml": text }).at("compose.yaml", `services.${place}`);
    if (typeof becomes === "string") assert.equal(actual, becomes);
    else assert.match(actual, becomes);
  });
}

test("workers of several groups with one command have its flags", () => {
  const command = "command: &c celery worker -q ml -c 3";
  const services = `small: { <<: *airflow, ${command}, mem_limit: 1g }\nbig: { <<: *airflow, command: *c, mem_limit: 8g }`;
  assert.deepEqual(imported({ "compose.yaml": composeOf("", services) }).config.workerGroups, [
    { name: "small", queues: ["ml"], concurrency: 3, memory: 1024 },
    { name: "big", queues: ["ml"], concurrency: 3, memory: 8192 },
  ]);
});

test("an ordinary volume leaves nothing to do", () => {
  const { report } = imported({ "compose.yaml": definedVolume("{ driver: local, external: false }") });
  assert.match(report, /Nothing is left to do/);
});

for (const [what, files, key, value] of rows) {
  test(`${what}: ${key} is ${JSON.stringify(value)}`, () => {
    assert.deepEqual(imported(files).config[key], value);
  });
}

test("the report names the parts of a value that are not taken over", () => {
  const connection = composeOf(
    `environment: { AIRFLOW_CONN_X: '{"conn_type": "http", "host": "https://me:word@x", "port": "many"}' }`,
  );
  const { report } = imported({ "compose.yaml": connection });
  assert.match(
    report,
    /without connections\.x\.host: it may be a secret, .*; connections\.x\.port: expected a whole number/,
  );
  const services = composeOf(
    "",
    `flower: { image: apache/airflow:3.3.2, command: celery flower, environment: { STAGE: a } }
both: { image: apache/airflow:3.3.2, command: bash -c "airflow celery flower & airflow triggerer", environment: { STAGE: b } }`,
  );
  assert.match(
    imported({ "compose.yaml": services }).report,
    /without roles\.flower\.env\.STAGE: the stack has one roles\.flower\.env\.STAGE, and compose\.yaml:6 gives it/,
  );
});

const changes: [what: string, shared: string, services: string, todo: RegExp][] = [
  ["a writable folder", "volumes: ['./x:/x']", "", /1 × it is read-only: expected a named volume/],
  [
    "a writable folder above DAGs",
    "environment: { AIRFLOW__CORE__DAGS_FOLDER: /x/dags }\nvolumes: [{ type: bind, source: ./x, target: /x }]",
    "",
    /1 × it is read-only: expected a named volume/,
  ],
  [
    "data of the stack's own volume",
    "volumes: ['./x:/opt/airflow/data']",
    "",
    /1 × .* copy the data of yours/,
  ],
  ["a variable of Airflow", "environment: { AIRFLOW_VAR_X: a }", "", /1 × its name is in lower case/],
  ["a connection", "environment: { AIRFLOW_CONN_X: http://x }", "", /1 × its name is in lower case/],
  [
    "a variable of one group of workers",
    "",
    "ml: { image: apache/airflow:3.3.2, command: celery worker -q ml, environment: { CUDA: 1 } }",
    /1 × all workers get it/,
  ],
];

for (const [what, shared, services, todo] of changes) {
  test(`the change of ${what} is left to do`, () => {
    const { report } = imported({ "compose.yaml": composeOf(shared, services), "x/dags/a.py": "" });
    assert.match(report, todo);
  });
}

test("a folder that is mounted read-only, and a variable of all workers, leave nothing to do", () => {
  const shared =
    "environment: { STAGE: a }\nvolumes: ['./x:/x:ro', { type: bind, source: ./x, target: /y, read_only: true }]";
  const { report } = imported({ "compose.yaml": composeOf(shared), "x/a": "" });
  assert.match(report, /Nothing is left to do/);
});

test("a number of processes that cannot be read is left to do, and is no secret", () => {
  const worker = "ml: { image: apache/airflow:3.3.2, command: celery worker -q ml --concurrency=$$(nproc) }";
  const { config, plan, report } = imported({ "compose.yaml": composeOf("", worker) });
  assert.deepEqual(config.workerGroups, [{ name: "ml", queues: ["ml"] }]);
  assert.deepEqual(plan.secrets, []);
  assert.match(report, /its concurrency: it cannot be read: expected a whole number/);
});

const commandLines: [command: string, requirements: string | undefined, left: RegExp | undefined][] = [
  [
    "pip install --no-cache-dir 'pandas>=2' dbt-core==1.8 && exec airflow scheduler",
    "pandas>=2\ndbt-core==1.8\n",
    undefined,
  ],
  ["pip install -r /req.txt; airflow scheduler", undefined, /without pip install: do/],
  [
    "./mount.sh && airflow db migrate && airflow pools set etl 4 d && airflow connections add x --conn-password s3cr3t",
    undefined,
    /without mount\.sh, airflow pools set, airflow connections add: do/,
  ],
  [
    "if (( mem < 4000 )); then echo low; fi; mkdir -p /sources/logs; chown -R 50000:0 /sources; exec /entrypoint airflow version",
    undefined,
    undefined,
  ],
  ["exec /entrypoint version", undefined, undefined],
  ["version", undefined, undefined],
];

for (const [line, requirements, left] of commandLines) {
  test(`of the command ${line}, requirements are ${requirements}, and the report has ${left ?? "nothing"}`, () => {
    const service = `init: { image: apache/airflow:3.3.2, command: [bash, -c, ${JSON.stringify(line)}] }`;
    const { plan, report } = imported({ "compose.yaml": composeOf("", service) });
    assert.equal(plan.requirements, requirements);
    if (left) assert.match(report, left);
    else assert.doesNotMatch(report, /starts roles only/);
    assert.doesNotMatch(report, /s3cr3t/);
  });
}

test("a team's image is imported, and the report asks for its version", () => {
  const made = imported({
    "compose.yaml": composeOf().replace("apache/airflow:3.3.2", "acme/airflow:2.3.1"),
  });
  assert.deepEqual(made.config.images, { airflow: "acme/airflow:2.3.1" });
  assert.match(made.report, /1 × its tag does not tell Airflow's version: give version/);
});

test("puckel's layout is imported with its home, variables and requirements", () => {
  const made = imported({
    "compose.yaml":
      "services:\n  scheduler:\n    image: puckel/docker-airflow:1.10.9\n    command: scheduler\n" +
      "    environment: [LOAD_EX=n, EXECUTOR=Celery, POSTGRES_USER=airflow]\n" +
      "    volumes: ['./dags:/usr/local/airflow/dags', './requirements.txt:/requirements.txt']\n",
    "dags/a.py": "",
    "requirements.txt": "pandas\n",
  });
  assert.equal(made.config.dags, "./dags");
  assert.equal(made.config.requirements, "./requirements.txt");
  assert.deepEqual(made.config.settings, { core: { load_examples: false } });
  assert.equal(made.at("compose.yaml", "services.scheduler.environment[1]"), "the executor is Celery's");
});

const refused: [what: string, volume: string, reason: RegExp][] = [
  ["a folder inside of the DAGs", "./d/team:/opt/airflow/dags/team", /DAGs of several folders/],
  ["a volume of DAGs", "shared:/opt/airflow/dags", /DAGs in a volume/],
  ["the engine's socket", "/var/run/docker.sock:/var/run/docker.sock", /no role may control the engine/],
  [
    "a file of the stack's own",
    "./d/a.py:/opt/airflow/config/pooled_connections.py",
    /the stack has a file of its own there/,
  ],
  ["a missing path", "./none:/x", /there is no such file or folder/],
];

test("a disk in memory is not imported", () => {
  const files = { "compose.yaml": composeOf("volumes: [{ type: tmpfs, target: /scratch }]") };
  assert.match(imported(files).at("compose.yaml", "x-airflow.volumes[0].type"), /a disk in memory/);
});

for (const [what, given, reason] of refused) {
  test(`${what} is not imported`, () => {
    const files = { "compose.yaml": composeOf(`volumes: ['${given}']`), "d/team/a.py": "", "d/a.py": "" };
    assert.match(imported(files).at("compose.yaml", "x-airflow.volumes[0]"), reason);
  });
}
