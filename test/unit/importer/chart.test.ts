import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { validate } from "../../../settings/read/validate.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { imported } from "./disk.ts";

const values = (text: string) => imported({ "values.yaml": text }, { main: "values.yaml" });

const others: [what: string, text: string, message: RegExp][] = [
  ["another program with an executor", "executor: docker\nworkers: 4\n", /looks like neither/],
  [
    "a workflow with an executor",
    "executor: { image: a/b }\ncontroller: {}\nserver: {}\n",
    /looks like neither/,
  ],
  ["CeleryExecutor among other keys", "executor: CeleryExecutor\nname: a\nsteps: []\n", /looks like neither/],
  ["another program with workers", "workers: 3\nconfig: { a: 1 }\n", /looks like neither/],
  [
    "Bitnami's chart",
    "executor: CeleryExecutor\nauth: { username: a }\nweb: { replicaCount: 1 }\nworker: { replicaCount: 2 }\n",
    /It has the keys of Bitnami's chart/,
  ],
  [
    "the community's chart",
    "airflow: { executor: CeleryExecutor, image: { tag: 2.10.5-python3.11 }, config: { AIRFLOW__CORE__PARALLELISM: 8 } }\nweb: { replicas: 1 }\n",
    /It has the keys of the community's chart/,
  ],
];

for (const [what, text, message] of others) {
  test(`refuses values of ${what}`, () => assert.throws(() => values(text), message));
}

const base = "executor: CeleryExecutor\n";
const rows: [text: string, place: string, becomes: string | RegExp][] = [
  [
    "ingress: { enabled: true, web: { host: a.example.com } }",
    "ingress.web.host",
    "kubernetes.ingress.webserver",
  ],
  [
    "ingress: { web: { enabled: true, hosts: [a.example.com] } }",
    "ingress.web.hosts[0]",
    "kubernetes.ingress.webserver",
  ],
  [
    "ingress: { web: { enabled: true, host: a.example.com }, apiServer: { enabled: true } }\nairflowVersion: 2.11.2",
    "ingress.web.host",
    "kubernetes.ingress.webserver",
  ],
  [
    "ingress: { web: { enabled: true, host: a.example.com, path: /airflow } }\nairflowVersion: 2.11.2",
    "ingress.web.path",
    /Airflow 2 is published at \/: expected a host name of its own/,
  ],
  ["ingress: { apiServer: { enabled: true } }", "ingress.apiServer.enabled", /it is on without a host name/],
  ["ingress: { web: { enabled: false, host: a.example.com } }", "ingress.web.host", "it is off"],
  [
    "workers: { persistence: { storageClassName: ssd } }",
    "workers.persistence.storageClassName",
    /workers share one volume/,
  ],
  [
    "workers: { persistence: { enabled: false, storageClassName: ssd } }",
    "workers.persistence.storageClassName",
    "it is off",
  ],
  ...(
    [
      ["terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds", "workerGraceSeconds"],
      ["persistence: { size: 9Gi }", "persistence.size", "kubernetes.storage.logs"],
      ["logGroomerSidecar: { retentionDays: 7 }", "logGroomerSidecar.retentionDays", "retention.logs"],
      ["logGroomerSidecar: { enabled: false }", "logGroomerSidecar.enabled", "retention.logs"],
    ] as const
  ).map(([value, place, key]): [string, string, string] => [
    `workers: { celery: { sets: [{ name: a, queue: a, ${value} }] } }`,
    `workers.celery.sets[0].${place}`,
    `all workers have one value for it: ${key}`,
  ]),
  ...["LoadBalancer", "NodePort"].map((type): [string, string, RegExp] => [
    `apiServer: { service: { type: ${type}, ports: [] } }`,
    "apiServer.service.type",
    /expected kubernetes\.ingress/,
  ]),
  ["flower: { service: { type: ClusterIP } }", "flower.service.type", "the stack has Services of its own"],
  ["allowPodLaunching: true", "allowPodLaunching", /expected kubernetes\.podOperator/],
  ["allowPodLaunching: false", "allowPodLaunching", "it is off"],
  ["allowJobLaunching: true", "allowJobLaunching", /no jobs: see kubernetes\.podOperator/],
  [
    "triggerer: { args: [bash, -c, 'exec airflow triggerer --capacity 50'] }",
    "triggerer.args[0]",
    "the stack starts roles without --capacity: give settings instead",
  ],
  [
    "workers: { args: [bash, -c, 'exec airflow celery worker -q a -c 4 --umask 0'] }",
    "workers.args[0]",
    "the stack starts roles without --queues: expected workerGroups[].queues; the stack starts roles without --concurrency: expected workerConcurrency; the stack starts roles without --umask: give settings instead",
  ],
  ["workers: { queue: default }", "workers.queue", "the default group reads the default queue"],
  ["workers: { queue: 'default,high', replicas: 3 }", "workers.queue", "workerGroups[0].queues"],
  ["workers: { queue: 'default,high', replicas: 3 }", "workers.replicas", "workerGroups[0].workers"],
  [
    "workers: { queue: a, keda: { enabled: true, maxReplicaCount: 4 } }",
    "workers.keda.maxReplicaCount",
    "workerGroups[0].autoscale.max",
  ],
  [
    "images: { airflow: { repository: acme/airflow, tag: 4.2.0 } }\nairflowVersion: 2.11.2",
    "images.airflow.tag",
    "version, images.airflow",
  ],
  ["env: [{ name: PGPASSWORD, value: x1 }]", "env[0].value", "roles.all.secretFiles.PGPASSWORD"],
  [
    "env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: a, key: b } } }]",
    "env[0].valueFrom.secretKeyRef.key",
    "roles.all.secretFiles.TOKEN",
  ],
  [
    "config: { core: { dag_concurrency: 9 } }",
    "config.core.dag_concurrency",
    "settings.core.max_active_tasks_per_dag",
  ],
  [
    "config: { smtp: { smtp_password: x } }\nairflowVersion: 2.11.2",
    "config.smtp.smtp_password",
    "settings.smtp.smtp_password",
  ],
  [
    "scheduler: { command: [bash, -c], args: ['./mount.sh && exec airflow scheduler'] }",
    "scheduler.args[0]",
    /without mount\.sh: do its work in another way/,
  ],
  [
    "scheduler: { command: [bash, -c, 'pip install pandas && airflow scheduler'] }",
    "scheduler.command[0]",
    "requirements",
  ],
  [
    "workers: { args: [bash, -c, 'exec airflow {{ semver | ternary 1 2 }}'] }",
    "workers.args[0]",
    "the stack starts each role itself",
  ],
  [
    "workers: { hostAliases: [{ ip: 10.0.0.7 }] }",
    "workers.hostAliases[0].ip",
    "it has no value that the stack takes",
  ],
  [
    "dags: { gitSync: { enabled: true, repo: https://a/b.git } }\nairflowVersion: 2.11.2",
    "dags.gitSync.repo",
    /Airflow 2\.11\.2 reads no repository/,
  ],
];

for (const [text, place, becomes] of rows) {
  test(`of the values ${text.replaceAll("\n", "; ")}, ${place} becomes ${becomes}`, () => {
    const actual = values(base + text).at("values.yaml", place);
    if (typeof becomes === "string") assert.equal(actual, becomes);
    else assert.match(actual, becomes);
  });
}

/** Sections of the chart's defaults, as a copy of the whole file has them. */
const role = {
  replicas: 1,
  safeToEvict: true,
  logGroomerSidecar: { enabled: true, args: ["bash", "/clean-logs"], retentionDays: 15 },
};
const copy = {
  executor: "CeleryExecutor",
  defaultAirflowRepository: "apache/airflow",
  airflowVersion: "2.11.2",
  workers: { ...role, persistence: { enabled: true, size: "100Gi" }, terminationGracePeriodSeconds: 600 },
  scheduler: role,
  webserver: {
    ...role,
    allowPodLogReading: true,
    defaultUser: { role: "Admin", username: "admin", email: "admin@example.com" },
  },
  triggerer: { ...role, persistence: { enabled: true, size: "100Gi" } },
  dagProcessor: { enabled: false, replicas: 1 },
  flower: { enabled: false },
  statsd: { enabled: true },
  redis: { enabled: true, persistence: { enabled: true, size: "1Gi" } },
  pgbouncer: { enabled: false, replicas: 1, maxClientConn: 100, metadataPoolSize: 10 },
  config: {
    core: { load_examples: "False", colored_console_log: "False" },
    celery: { worker_concurrency: 16 },
    metrics: { statsd_port: 9125, statsd_prefix: "airflow" },
    triggerer: { default_capacity: 1000 },
  },
};

const images = { airflow: "apache/airflow:2.11.2" };

test("only the version is imported from a copy of the chart's defaults", () => {
  const { config, plan } = values(stringify(copy));
  assert.deepEqual(config, { platform: "kubernetes", version: "2.11.2", workers: 1, images });
  assert.deepEqual(plan.unsupported, []);
});

test("values that differ from the chart's defaults are imported", () => {
  const changed = { ...copy, workers: { ...copy.workers, replicas: 4, terminationGracePeriodSeconds: 900 } };
  const { config, plan } = values(stringify(changed));
  assert.deepEqual(config, {
    platform: "kubernetes",
    version: "2.11.2",
    workers: 4,
    workerGraceSeconds: 900,
    images,
  });
  assert.deepEqual(plan.unsupported, []);
});

test("a value in a short file is imported even if it is the chart's default", () => {
  const made = values(`${base}workers: { terminationGracePeriodSeconds: 600 }\n`);
  assert.equal(made.config.workerGraceSeconds, 600);
});

test("what the chart removes, and what it adds to pods, is taken over with its values", () => {
  const { config } = values(`${base}databaseCleanup: { enabled: false }
scheduler:
  logGroomerSidecar: { retentionDays: 7 }
  extraInitContainers: [{ name: a, image: i }]
  extraContainers: [{ name: b, image: i }]
`);
  assert.deepEqual(config.retention, { logs: "7d", metadata: "never" });
  assert.deepEqual(config.roles, {
    scheduler: {
      pod: {
        initContainers: [
          { name: "a", image: "i" },
          { name: "b", image: "i", restartPolicy: "Always" },
        ],
      },
    },
  });
});

test("an empty map in a field of pods stays one, since Kubernetes reads it as all", () => {
  const term = { topologyKey: "zone", namespaceSelector: {}, namespaces: [] };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const { config } = values(stringify({ executor: "CeleryExecutor", scheduler: { affinity } }));
  assert.deepEqual(config.roles, { scheduler: { pod: { affinity } } });
});

test("a limit of KEDA that cannot be read is no secret", () => {
  const { plan } = values(`${base}workers: { keda: { enabled: true, maxReplicaCount: many } }\n`);
  assert.deepEqual(plan.secrets, []);
});

test("values with KEDA, git-sync and worker sets become a stack that the program accepts", () => {
  const { config, plan } = values(`
executor: CeleryExecutor
airflowVersion: 3.3.2
images: { airflow: { repository: registry.example.com/airflow, tag: 3.3.2-r1 } }
pgbouncer: { enabled: true }
workers:
  keda: { enabled: true, minReplicaCount: 1, maxReplicaCount: 6 }
  celery:
    sets:
      - { name: gpu, queue: "gpu,vision", replicas: 2, keda: { enabled: false }, resources: { limits: { memory: 8Gi, cpu: 4 } } }
      - { name: bulk, queue: bulk, keda: { enabled: true, minReplicaCount: 0, maxReplicaCount: 3 } }
dags: { gitSync: { enabled: true, repo: https://git.example.com/dags.git, branch: main, subPath: etl/dags } }
config: { celery: { worker_concurrency: 8 } }
`);
  assert.deepEqual(plan.unsupported, []);
  assert.deepEqual(config.workerAutoscale, { min: 1, max: 6 });
  assert.deepEqual(config.workerGroups, [
    { name: "gpu", queues: ["gpu", "vision"], workers: 2, memory: 8192, cpu: 4 },
    { name: "bulk", queues: ["bulk"], autoscale: { min: 0, max: 3 } },
  ]);
  assert.deepEqual(config.dagsGit, {
    url: "https://git.example.com/dags.git",
    ref: "main",
    folder: "etl/dags",
  });
  const named = {
    ...(config.images as object),
    pgbouncer: "registry.example.com/pgbouncer:1",
    redis: "registry.example.com/redis:7",
    postgres: "registry.example.com/postgres:16",
  };
  assert.deepEqual(validate({ ...config, images: named }).faults, []);
});

for (const host of ["host: a.example.com", "hosts: [{ name: a.example.com }]"]) {
  test(`the path of an ingress is behind its ${host}`, () => {
    const { config, plan } = values(
      `${base}ingress: { apiServer: { enabled: true, ${host}, path: /airflow/, pathType: Prefix } }\n`,
    );
    assert.deepEqual(config.kubernetes, { ingress: { webserver: "a.example.com/airflow" } });
    assert.deepEqual(plan.unsupported, []);
  });
}

for (const given of [
  "config: { celery: { worker_concurrency: 8, worker_autoscale: '16,4' } }",
  "env: [{ name: AIRFLOW__CELERY__WORKER_CONCURRENCY, value: '8' }, { name: AIRFLOW__CELERY__WORKER_AUTOSCALE, value: '16,4' }]",
]) {
  test(`autoscaling wins over concurrency in ${given}`, () => {
    const { config } = values(`${base}${given}\n`);
    assert.deepEqual([config.workerConcurrency, config.workerMinConcurrency], [16, 4]);
  });
}

test("a variable wins over a setting, wherever it stands", () => {
  const { config } = values(`${base}config: { core: { parallelism: 8 } }
env: [{ name: AIRFLOW__CORE__PARALLELISM, value: "64" }]
`);
  assert.deepEqual(config.settings, { core: { parallelism: 64 } });
});

for (const [version, secret] of [
  ["3.3.2", "api"],
  ["2.11.2", "web"],
]) {
  test(`Airflow ${version} has the secret key of its own Secret`, () => {
    const { config } = values(`${base}airflowVersion: ${version}
webserverSecretKeySecretName: web
apiSecretKeySecretName: api
`);
    const { apiSecretKey } = config.secrets as { apiSecretKey: { secret: string } };
    assert.equal(apiSecretKey.secret, secret);
  });
}

test("sets of workers have the values of all workers, unless they have their own", () => {
  const { config, plan } = values(`
executor: CeleryExecutor
workers:
  replicas: 3
  resources: { limits: { memory: 2Gi, cpu: 1 } }
  nodeSelector: { pool: cpu }
  tolerations: [{ key: spot, operator: Exists, effect: NoSchedule }]
  celery:
    keda: { enabled: true, minReplicaCount: 1, maxReplicaCount: 8 }
    nodeSelector: { pool: big }
    sets:
      - { name: all, queue: all }
      - { name: fixed, queue: fixed, keda: { enabled: false }, resources: { limits: { memory: 8Gi } } }
      - { name: own, queue: own, keda: { maxReplicaCount: 2 }, nodeSelector: { pool: own } }
`);
  const [memory, cpu] = [2048, 1];
  const tolerations = [{ key: "spot", effect: "NoSchedule" }];
  const big = { nodeLabels: { pool: "big" }, tolerations };
  assert.deepEqual(config.workerGroups, [
    { name: "all", queues: ["all"], autoscale: { min: 1, max: 8 }, memory, cpu, ...big },
    { name: "fixed", queues: ["fixed"], workers: 3, memory: 8192, ...big },
    {
      name: "own",
      queues: ["own"],
      autoscale: { min: 1, max: 2 },
      memory,
      cpu,
      nodeLabels: { pool: "own" },
      tolerations,
    },
  ]);
  assert.deepEqual(plan.secrets, []);
});

test("a private repository keeps its Secret, with the chart's key in it, over https and over ssh", () => {
  const { config: secure, plan } = values(`
executor: CeleryExecutor
airflowVersion: 3.3.2
dags: { gitSync: { enabled: true, repo: https://git.example.com/dags.git, credentialsSecret: git-login } }
`);
  assert.deepEqual(secure.dagsGit, {
    url: "https://git.example.com/dags.git",
    password: { secret: "git-login", key: "GITSYNC_PASSWORD" },
  });
  assert.deepEqual(plan.unsupported, []);
  const { config: shell, at } = values(`
executor: CeleryExecutor
airflowVersion: 3.3.2
images: { airflow: { repository: registry.example.com/airflow, tag: 3.3.2-r1 } }
dags: { gitSync: { enabled: true, repo: "git@git.example.com:team/dags.git", sshKeySecret: git-ssh, knownHosts: "git ssh-ed25519 A" } }
`);
  assert.deepEqual(shell.dagsGit, {
    url: "ssh://git@git.example.com/team/dags.git",
    key: { secret: "git-ssh", key: "gitSshKey" },
  });
  assert.match(at("values.yaml", "dags.gitSync.knownHosts"), /name that in dagsGit\.knownHosts/);
  const images = {
    ...(shell.images as object),
    redis: "registry.example.com/redis:7",
    postgres: "registry.example.com/postgres:16",
  };
  const folder = temporaryFolder("chart");
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `git.example.com ssh-ed25519 ${Buffer.alloc(51, 1).toString("base64")}\n`);
  const whole = { ...shell, images, dagsGit: { ...(shell.dagsGit as object), knownHosts } };
  assert.deepEqual(validate(whole).faults, []);
});

const all = { nodeLabels: { pool: "a" } };
const control = { controlLabels: { pool: "a" } };

/** Node labels of the chart as a whole beside other values, and where the stack has them. */
const selectors: [text: string, kubernetes: unknown, machines: unknown, groups: unknown][] = [
  ["workers: { replicas: 3 }", all, undefined, undefined],
  ["workers: { keda: { enabled: true }, nodeSelector: {} }", all, undefined, undefined],
  ["workers: { queue: big }", all, undefined, [{ name: "main", queues: ["big"] }]],
  ["workers: { celery: { sets: [{ name: b, queue: b }] } }", all, undefined, [{ name: "b", queues: ["b"] }]],
  [
    "scheduler: { nodeSelector: { pool: b } }",
    control,
    [{ name: "pool", workers: 1, labels: { pool: "a" } }],
    undefined,
  ],
  [
    "workers: { celery: { sets: [{ name: b, queue: b, nodeSelector: { pool: b } }, { name: c, queue: c }] } }",
    control,
    [{ name: "pool", workers: 1, labels: { pool: "a" } }],
    [
      { name: "b", queues: ["b"], nodeLabels: { pool: "b" } },
      { name: "c", queues: ["c"], nodeLabels: { pool: "a" } },
    ],
  ],
  [
    "workers: { queue: big }\nredis: { nodeSelector: { pool: b } }",
    control,
    undefined,
    [{ name: "main", queues: ["big"], nodeLabels: { pool: "a" } }],
  ],
];

for (const [text, kubernetes, machines, groups] of selectors) {
  test(`nodeSelector of the chart beside ${text.replaceAll("\n", "; ")}`, () => {
    const { config } = values(`${base}nodeSelector: { pool: a }\n${text}\n`);
    assert.deepEqual(
      [config.kubernetes, config.machines, config.workerGroups],
      [kubernetes, machines, groups],
    );
  });
}

test("node labels of workers that follow the queue are left to do, if other roles have labels of their own", () => {
  const { report } = values(
    `${base}nodeSelector: { pool: a }\nscheduler: { nodeSelector: { pool: b } }\nworkers: { keda: { enabled: true } }\n`,
  );
  assert.match(report, /1 × workers that follow the queue run on any node: .*values\.yaml:2 nodeSelector/);
});

const templated: [extraEnv: string, place: string, becomes: string | RegExp][] = [
  [
    "- { name: A, value: b }\n- name: NS\n  value: {{ .Release.Namespace | quote }}",
    "extraEnv[1].value",
    /template/,
  ],
  [
    "- { name: A, value: b }\n- name: NS\n  value: {{ .Release.Namespace | quote }}",
    "extraEnv[0].value",
    "roles.all.env.A",
  ],
  ["- name: {{ .Values.name }}\n  value: a", "extraEnv[0].value", /template/],
  [
    "- name: A\n  valueFrom: { secretKeyRef: { name: '{{ .Release.Name }}-x', key: a } }",
    "extraEnv[0].valueFrom.secretKeyRef.key",
    /template/,
  ],
  ["{{- if .Values.x }}\n- name: A\n  value: b\n{{- end }}", "extraEnv", /template/],
  ["- name: A\n  value: {{ .Release.Name }}-x", "extraEnv", /template/],
  ["{{ include 'x' . }}", "extraEnv", /template/],
];

for (const [text, place, becomes] of templated) {
  test(`of the extraEnv ${JSON.stringify(text)}, ${place} becomes ${becomes}`, () => {
    const indented = text.replaceAll(/^/gm, "  ");
    const { at, stack } = values(`${base}extraEnv: |\n${indented}\n`);
    assert.ok(!stack.includes("[object Object]"));
    if (typeof becomes === "string") assert.equal(at("values.yaml", place), becomes);
    else assert.match(at("values.yaml", place), becomes);
  });
}

test("an extraEnv that is neither YAML nor a template is refused", () => {
  assert.throws(() => values(`${base}extraEnv: |\n  - name: [\n`), /values\.yaml:\d: not YAML/);
});

test("a template without quotes is no map", () => {
  const { at, config } = values(
    `${base}config: { smtp: { smtp_host: {{ .Values.host }} } }\nenv: [{ name: A, value: {{ .Values.a }} }]\n`,
  );
  assert.match(at("values.yaml", "config.smtp.smtp_host"), /template/);
  assert.match(at("values.yaml", "env[0].value"), /template/);
  assert.deepEqual([config.settings, config.roles], [undefined, undefined]);
});

for (const [version, memory, stage] of [
  ["3.3.2", 2048, "api"],
  ["2.11.2", 1024, "web"],
]) {
  test(`Airflow ${version} has the values of its own webserver`, () => {
    const { config } = values(`${base}airflowVersion: ${version}
webserver: { replicas: 1, resources: { limits: { memory: 1Gi } }, env: [{ name: STAGE, value: web }] }
apiServer: { replicas: 2, resources: { limits: { memory: 2Gi } }, env: [{ name: STAGE, value: api }] }
`);
    assert.deepEqual(config.roles, { webserver: { memory, env: { STAGE: stage } } });
    assert.equal(config.webservers, version === "3.3.2" ? 2 : 1);
  });
}

test("decimal quantities and percent signs are those of the chart", () => {
  const { config } = values(`${base}workers: { resources: { limits: { memory: 4G } } }
redis: { resources: { limits: { memory: 512M } } }
config: { logging: { log_format: "[%%(asctime)s]" } }
`);
  assert.deepEqual([config.workerMemory, config.redis], [3815, { memory: 489 }]);
  assert.deepEqual(config.settings, { logging: { log_format: "[%(asctime)s]" } });
});

for (const [text, isLeft] of [
  ["scheduler: { env: [{ name: AIRFLOW__CORE__PARALLELISM, value: '8' }] }", true],
  ["env: [{ name: AIRFLOW__CORE__PARALLELISM, value: '8' }]", false],
  ["triggerer: { env: [{ name: AIRFLOW__TRIGGERER__CAPACITY, value: '8' }] }", false],
] as const) {
  test(`that all roles get a setting is ${isLeft ? "" : "not "}left to do: ${text}`, () => {
    assert.equal(/1 × all roles get it/.test(values(`${base}${text}\n`).report), isLeft);
  });
}

for (const more of [
  "replicas: 3",
  "nodeSelector: { pool: b }",
  "keda: { enabled: true }",
  "queue: big",
  "celery: { replicas: 3 }",
]) {
  test(`without default workers, those of sets alone run, with ${more}`, () => {
    const set = "sets: [{ name: a, queue: a, replicas: 2, keda: { enabled: false } }]";
    const celery = `enableDefault: false, ${set}`;
    const workers = more.startsWith("celery")
      ? `celery: { ${celery}, replicas: 3 }`
      : `${more}, celery: { ${celery} }`;
    const { config, plan } = values(`${base}workers: { ${workers} }\n`);
    assert.deepEqual([config.workers, config.workerAutoscale, config.machines], [0, undefined, undefined]);
    const groups = config.workerGroups as { name: string; workers: number }[];
    assert.deepEqual(
      groups.map(({ name, workers: count }) => [name, count]),
      [["a", 2]],
    );
    assert.deepEqual(plan.unsupported, []);
  });
}
