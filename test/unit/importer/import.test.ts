import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { readDefinitions } from "../../../importer/compose/read/envFile.ts";
import { interpolate } from "../../../importer/compose/read/interpolate.ts";
import { planOf } from "../../../importer/input.ts";
import type { Plan } from "../../../importer/plan.ts";
import { importReport } from "../../../importer/report.ts";
import { save } from "../../../importer/save.ts";
import { convertCores, convertMebibytes, convertQuantity, convertSeconds } from "../../../importer/units.ts";
import { renderStackFile } from "../../../importer/write.ts";
import { masked } from "../../../settings/model/urls/mask.ts";
import { readStackFile } from "../../../settings/read/read.ts";
import { spell } from "../../../settings/schema/path.ts";
import { project } from "../../../tools/lib/process.ts";
import { containersOf, declare } from "../mocks.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { importOf, look, names, textOf } from "./inputs/inputs.ts";
import { placesOf } from "./inputs/leaves.ts";

const folder = temporaryFolder("import");

for (const name of names) {
  test(`${name}.yaml becomes the expected stack file and reports`, () => {
    const result = importOf(name);
    assert.equal(result.stack, textOf(`${name}.stack.yaml`));
    assert.equal(result.report, textOf(`${name}.report.txt`));
    assert.equal(result.short, textOf(`${name}.short.txt`));
  });
}

/** Lists the places in a report, with repetitions. */
function placesIn({ taken, handled, unsupported }: Plan, file: string): string[] {
  const leaves = [...taken, ...handled, ...unsupported].flatMap((row) => row.leaves);
  return leaves.filter((leaf) => leaf.file === file).map(({ path }) => spell(path));
}

/** True for places outside `extraEnv`, which holds a text with values of its own. */
const outside = (place: string) => !/^(airflow\.)?extraEnv\b/.test(place);

function assertAllTold(plan: Plan, file: string, text: string): void {
  assert.deepEqual(
    placesIn(plan, file).filter(outside).toSorted(),
    placesOf(text).filter(outside).toSorted(),
  );
}

for (const name of names) {
  test(`every value of ${name}.yaml is in exactly one list of the report`, () => {
    const { plan } = importOf(name);
    assertAllTold(plan, `${name}.yaml`, textOf(`${name}.yaml`));
  });
}

test("the report also lists values of extraEnv and of the .env file", () => {
  const inner = placesIn(importOf("values").plan, "values.yaml").filter((place) => !outside(place));
  assert.deepEqual(inner.toSorted(), [
    "extraEnv[0].name",
    "extraEnv[0].value",
    "extraEnv[1].name",
    "extraEnv[1].valueFrom.fieldRef.fieldPath",
  ]);
  assert.deepEqual(placesIn(importOf("compose").plan, ".env").toSorted(), [
    "AIRFLOW_UID",
    "COMPOSE_PROJECT_NAME",
    "FERNET_KEY",
    "_PIP_ADDITIONAL_REQUIREMENTS",
  ]);
});

test("the mask of the terminal leaves the words of a report", () => {
  for (const name of names) {
    const { report: whole, short } = importOf(name);
    assert.equal(masked(whole), whole);
    assert.equal(masked(short), short);
  }
});

test("no stack file and no report contains a secret", () => {
  for (const name of names) {
    const { stack, report: shown } = importOf(name);
    const values = [
      ...`${textOf(`${name}.yaml`)}${name === "compose" ? textOf("compose.env") : ""}`.matchAll(
        /hunter2[\w-]*|aHVudGVy\S*/g,
      ),
    ];
    assert.ok(values.length > 0);
    for (const [value] of values) assert.ok(!`${stack}${shown}`.includes(value), `${name} shows ${value}`);
  }
});

/** Pseudo-random numbers from 0 to below a limit, the same for a seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

const words = [
  ...new Set(
    names.flatMap((name) =>
      [...textOf(`${name}.yaml`).matchAll(/^\s*-?\s*([\w.-]+):/gm)].map(([, key = ""]) => key),
    ),
  ),
].filter((word) => word !== "executor" && word !== "AIRFLOW__CORE__EXECUTOR" && word !== "extraEnv");
const plainValues = [
  "x",
  "",
  null,
  0,
  3,
  -1,
  true,
  false,
  "10Gi",
  "2g",
  "{{ .Values.x }}",
  "a:b",
  "http://a:b@c/d",
  [],
  {},
];

/** Replaces, drops or adds some parts of a value. */
function mutated(value: unknown, roll: (sides: number) => number, depth = 0): unknown {
  if (roll(40) === 0) return plainValues[roll(plainValues.length)];
  if (Array.isArray(value))
    return value.filter(() => roll(12) > 0).map((item) => mutated(item, roll, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(() => roll(15) > 0)
    .map(([key, inner]) => [key, mutated(inner, roll, depth + 1)]);
  const more = roll(3) === 0 ? [[words[roll(words.length)], plainValues[roll(plainValues.length)]]] : [];
  return Object.fromEntries([...entries, ...more]);
}

test("an import of 120 arbitrary inputs loses no value, and writes the same stack file twice", () => {
  let imported = 0;
  for (let seed = 1; seed <= 120; seed += 1) {
    const name = names[seed % names.length] ?? "values";
    const base = parse(textOf(`${name}.yaml`), { merge: true });
    const text = stringify(mutated(base, dice(seed)), { aliasDuplicateObjects: false });
    const plan = () => planOf({ file: "input.yaml", text, look });
    let first: Plan;
    try {
      first = plan();
    } catch (error) {
      assert.match(String(error), /looks like neither|the executor is/);
      continue;
    }
    imported += 1;
    assertAllTold(first, "input.yaml", text);
    const stack = (made: Plan) => renderStackFile({ plan: made, from: "input.yaml", stack: "x" });
    assert.equal(stack(first), stack(plan()));
  }
  assert.ok(imported > 100, `only ${imported} were imported`);
});

/** Configuration of an imported stack file, completed by `more`. */
function configOf(
  name: (typeof names)[number],
  more: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { plan } = importOf(name);
  const [file = ""] = save({ plan, stack: name, from: `${name}.yaml`, folder });
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  const given = Object.entries(config).map(([key, value]) => [key.replace(/^airflow:/, ""), value]);
  return { ...Object.fromEntries(given), ...more };
}

test("a stack that is imported from a compose file passes all checks, and deploys", async () => {
  const config = configOf("compose", {});
  const settings = readStackFile(join(folder, "Pulumi.compose.yaml"));
  assert.deepEqual(
    settings.groups.map(({ name, workers, queues }) => [name, workers, queues]),
    [
      ["worker", 3, []],
      ["worker-gpu", 1, ["gpu", "vision"]],
    ],
  );
  assert.equal(
    readFileSync(join(folder, "requirements.compose.txt"), "utf8"),
    "apache-airflow-providers-http==5.3.0\npandas\n",
  );
  const containers = containersOf(await declare(config));
  const expected = [
    "scheduler-1",
    "scheduler-2",
    "webserver",
    "worker-1",
    "worker-2",
    "worker-3",
    "worker-gpu-1",
  ];
  for (const name of expected)
    assert.ok(containers.has(name), `${name} is not among ${[...containers.keys()]}`);
});

test("a stack that is imported from the chart's values deploys once it has the keys that the report asks for", async () => {
  const images = { pgbouncer: "registry.example.com/pgbouncer:1", redis: "registry.example.com/redis:7" };
  const config = configOf("values", {});
  assert.throws(
    () => readStackFile(join(folder, "Pulumi.values.yaml")),
    (error: Error) => {
      const asked = [...error.message.matchAll(/yaml:\d+: (\S+) is not given/g)].map(([, key]) => key);
      assert.deepEqual(asked.toSorted(), [
        "images.pgbouncer",
        "images.redis",
        "kubernetes.ingress.namespace",
      ]);
      return true;
    },
  );
  const kubernetes = config.kubernetes as Record<string, Record<string, unknown>>;
  const stated = {
    ...config,
    images: { ...(config.images as object), ...images },
    kubernetes: { ...kubernetes, ingress: { ...kubernetes.ingress, namespace: "ingress-nginx" } },
  };
  const declared = await declare(stated, 0, {
    "airflow-fernet": { "fernet-key": `${Buffer.alloc(32, 1).toString("base64url")}=` },
    "airflow-metadata": { connection: "postgresql://airflow:word@db.example.com:5432/airflow" },
    "airflow-connections": { warehouse: "postgresql://a@b/c", lake: "http://lake" },
    "git-credentials": { GITSYNC_PASSWORD: "read" },
  });
  const workers = declared.find(({ type, name }) => type.endsWith(":StatefulSet") && name === "worker-pool");
  assert.ok(workers);
  assert.equal((workers.inputs.spec as { replicas: number }).replicas, 4);
});

const compose = (environment: string) => `services:
  airflow-worker:
    image: apache/airflow:3.3.2
    command: celery worker
    environment:
      ${environment}
`;

const refused: [what: string, file: string, text: string, message: RegExp][] = [
  ["a file that is not YAML", "a.yaml", "workers:\n  replicas: [1\n", /^Error: a\.yaml:\d: not YAML: /],
  [
    "an alias of nothing",
    "a.yaml",
    "services:\n  a: *nowhere\n",
    /^Error: a\.yaml:2: not YAML: a text begins with \*, and no such anchor is before it; expected quotes around it$/,
  ],
  [
    "a file of another kind",
    "a.yaml",
    "kind: Pod\n",
    /a\.yaml looks like neither a docker-compose file of Airflow .* nor values of its Helm chart/,
  ],
  ["a text", "a.yaml", "hello", /a\.yaml looks like neither/],
  ["an empty file", "a.yaml", "", /a\.yaml looks like neither/],
  [
    "a compose file of something else",
    "a.yaml",
    "services:\n  db:\n    image: postgres:16\n",
    /looks like neither/,
  ],
  [
    "another executor",
    "v.yaml",
    "\nexecutor: KubernetesExecutor\n",
    /v\.yaml:2: the executor is KubernetesExecutor; expected CeleryExecutor/,
  ],
  [
    "two executors",
    "v.yaml",
    "executor: CeleryKubernetesExecutor\n",
    /v\.yaml:1: the executor is CeleryKubernetesExecutor; expected/,
  ],
  [
    "a list of executors",
    "v.yaml",
    "executor: CeleryExecutor,KubernetesExecutor\n",
    /the executor is CeleryExecutor,KubernetesExecutor; expected/,
  ],
  [
    "another executor as a setting",
    "v.yaml",
    "config:\n  core:\n    executor: LocalExecutor\n",
    /v\.yaml:3: the executor is LocalExecutor/,
  ],
  [
    "another executor as a variable",
    "c.yaml",
    compose("AIRFLOW__CORE__EXECUTOR: LocalExecutor"),
    /c\.yaml:6: the executor is LocalExecutor/,
  ],
];

for (const [what, file, text, message] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(() => planOf({ file, text, look }), message);
  });
}

test("refuses an .env file with anything but definitions", () => {
  const env = { file: ".env", text: "A=1\nB C\n" };
  const text = compose("A: $A");
  assert.throws(() => planOf({ file: "c.yaml", text, env, look }), /\.env:2: expected lines NAME=VALUE/);
});

test("an existing file is not overwritten, and no other file is written", () => {
  const { plan } = importOf("compose");
  const own = mkdtempSync(join(folder, "own-"));
  writeFileSync(join(own, "requirements.mine.txt"), "mine\n");
  assert.throws(
    () => save({ plan, stack: "mine", from: "c.yaml", folder: own }),
    /requirements\.mine\.txt is there already, and is not overwritten/,
  );
  assert.deepEqual(readdirSync(own), ["requirements.mine.txt"]);
});

const commands: [args: string[], message: RegExp][] = [
  [[], /^FILE is missing; expected npm run import -- FILE/],
  [["no-such.yaml"], /^no-such\.yaml does not exist; expected a compose file, or values/],
  [["test/unit/importer/inputs"], /^test\/unit\/importer\/inputs is a directory; expected a compose file/],
  [["test/unit/importer/inputs/values.yaml", "--env", "no.env"], /^--env no\.env does not exist/],
  [["test/unit/importer/inputs/values.yaml", "--stack", "a/b"], /^--stack is a\/b; expected letters/],
  [
    ["test/unit/importer/inputs/values.yaml", "--stack", "dev"],
    /^stacks\/Pulumi\.dev\.yaml is there already, and is not overwritten/,
  ],
];

for (const [args, message] of commands) {
  test(`npm run import ${args.join(" ")} ends with one error`, () => {
    const env = { ...process.env, INIT_CWD: project };
    const { status, stderr } = spawnSync("node", ["tools/import.ts", ...args], {
      cwd: project,
      env,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
}

/** Returns the keys of the stack that a value becomes, or the reason why there are none. */
function outcome(text: string, at: string): string {
  const plan = planOf({ file: "x.yaml", text, look });
  const rows = [...plan.taken, ...plan.handled, ...plan.unsupported];
  const row = rows.find(({ leaves }) => leaves.some(({ path }) => spell(path) === at));
  return row === undefined ? "nothing" : row.targets.join(", ") || (row.note ?? "");
}

const variables: [line: string, becomes: string | RegExp][] = [
  ["AIRFLOW__WEBSERVER__SECRET_KEY: k", "secrets.apiSecretKey"],
  ["AIRFLOW__CORE__FERNET_KEY: ''", "it is empty"],
  ["AIRFLOW__CORE__FERNET_KEY: short", /secrets\.fernetKey: expected a fernet key/],
  ["AIRFLOW__API_AUTH__JWT_SECRET: s", /signs tokens with a key pair/],
  ["AIRFLOW__CELERY__BROKER_URL: rediss://cache/0", /redis\.url: expected rediss:/],
  ["AIRFLOW__CELERY__BROKER_URL: amqp://a:b@c", /expected Redis as the broker/],
  ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: mysql://a:b@c/d", /expected a database of Postgres/],
  ["AIRFLOW__CELERY__RESULT_BACKEND: redis://c/1", /expected a database of Postgres: results are kept there/],
  ["AIRFLOW__CELERY__WORKER_CONCURRENCY: many", /expected a whole number/],
  ["AIRFLOW__CELERY__WORKER_CONCURRENCY: 4000", /workerConcurrency: expected a whole number from 1 to 1000/],
  ["AIRFLOW__CELERY__WORKER_AUTOSCALE: 8,2", "workerConcurrency, workerMinConcurrency"],
  ["AIRFLOW__CORE__FERNET_KEY_CMD: cat /key", /a command or secrets backend/],
  ["AIRFLOW__CORE__AUTH_MANAGER: a.b.SimpleAuthManager", /expected the login of Flask AppBuilder/],
  ["AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE: a", "only other executors read it"],
  ["AIRFLOW_CONN_X: 'not://a:b@c'", "connections.x.uri"],
  ["AIRFLOW_CONN_X: '{broken'", "it is not JSON, and no URI"],
  ["AIRFLOW_VAR_LIMIT: '7'", "variables.limit"],
  ["HTTPS_PROXY: http://user:word@proxy:3128", /proxy\.https: expected http:\/\/HOST:PORT, without a login/],
  ["GITHUB_TOKEN: abc", "roles.worker.secretFiles.GITHUB_TOKEN"],
  ["TZ: Europe/Berlin", "roles.worker.env.TZ"],
];

for (const [line, becomes] of variables) {
  test(`the variable ${line} becomes ${becomes}`, () => {
    const [name = ""] = line.split(":");
    const result = outcome(compose(line), `services.airflow-worker.environment.${name}`);
    if (typeof becomes === "string") assert.equal(result, becomes);
    else assert.match(result, becomes);
  });
}

const chartValues: [text: string, at: string, becomes: string | RegExp][] = [
  ["workers: { replicas: 5000 }", "workers.replicas", /workers: expected a whole number from 0 to 1000/],
  ["workers: { replicas: 3 }", "workers.replicas", "workers"],
  [
    "workers: { resources: { limits: { memory: a lot } } }",
    "workers.resources.limits.memory",
    /cannot be read/,
  ],
  ["webserver: { replicas: 2 }", "webserver.replicas", "webservers"],
  ["triggerer: { replicas: 2 }", "triggerer.replicas", "triggerers"],
  [
    "workers: { logGroomerSidecar: { retentionDays: 7 } }",
    "workers.logGroomerSidecar.retentionDays",
    "retention.logs",
  ],
  [
    "scheduler: { logGroomerSidecar: { enabled: false } }",
    "scheduler.logGroomerSidecar.enabled",
    "retention.logs",
  ],
  [
    "triggerer: { logGroomerSidecar: { frequencyMinutes: 5 } }",
    "triggerer.logGroomerSidecar.frequencyMinutes",
    "the stack removes old logs itself",
  ],
  [
    "databaseCleanup: { enabled: true, retentionDays: 60 }",
    "databaseCleanup.retentionDays",
    "retention.metadata",
  ],
  ["databaseCleanup: { enabled: false, retentionDays: 60 }", "databaseCleanup.retentionDays", "it is off"],
  ["databaseCleanup: { enabled: false }", "databaseCleanup.enabled", "retention.metadata"],
  [
    "flower: { enabled: false }\nexecutor: CeleryExecutor",
    "flower.enabled",
    "the stack always has it (flower)",
  ],
  ["defaultAirflowTag: 1.10.15", "defaultAirflowTag", /Airflow 1\.10\.15 is not supported/],
  ["fernetKey: '{{ .Values.x }}'", "fernetKey", /template of Helm's/],
  ["images: { airflow: { repository: mine, tag: 2.9.0 } }", "images.airflow.tag", "images.airflow"],
  [
    "scheduler: { annotations: { a: b } }",
    "scheduler.annotations.a",
    "only pods of Airflow's roles, the Ingress and the ServiceAccount take annotations",
  ],
  [
    "scheduler: { podAnnotations: { a.b/c: d } }",
    'scheduler.podAnnotations["a.b/c"]',
    'roles.scheduler.pod.annotations["a.b/c"]',
  ],
  ["airflowPodAnnotations: { a: 1 }", "airflowPodAnnotations.a", "roles.all.pod.annotations.a"],
  [
    "scheduler: { extraContainers: [{ name: b, image: i }], extraInitContainers: [{ name: a, image: i }] }",
    "scheduler.extraContainers[0].name",
    "roles.scheduler.pod.initContainers[1]",
  ],
  [
    "workers: { celery: { extraVolumes: [{ name: v, emptyDir: {} }] } }",
    "workers.celery.extraVolumes[0].name",
    "roles.worker.pod.volumes[0]",
  ],
  ["volumeMounts: [{ name: v, mountPath: /v }]", "volumeMounts[0].name", "roles.all.pod.volumeMounts[0]"],
  [
    "triggerer: { affinity: { nodeAffinity: { required: 1 } } }",
    "triggerer.affinity.nodeAffinity.required",
    "roles.triggerer.pod.affinity",
  ],
  [
    "workers: { serviceAccount: { annotations: { role: r } } }",
    "workers.serviceAccount.annotations.role",
    "kubernetes.serviceAccount.annotations.role",
  ],
  [
    "redis: { affinity: { nodeAffinity: { a: 1 } } }",
    "redis.affinity.nodeAffinity.a",
    /spreads its roles itself/,
  ],
  [
    "airflowPodAnnotations: { a: 1 }\nworkers: { podAnnotations: { b: 1 } }",
    "airflowPodAnnotations.a",
    "roles.all.pod.annotations.a, roles.worker.pod.annotations.a",
  ],
  ["workers: { surprise: 1 }", "workers.surprise", "the stack has no key for it"],
  ["dags: { gitSync: { enabled: false, repo: https://a/b } }", "dags.gitSync.repo", "it is off"],
  [
    "pgbouncer: { maxClientConn: 5, enabled: true }\nworkers: {}",
    "pgbouncer.maxClientConn",
    /pgbouncer\.clients: expected a whole number/,
  ],
];

for (const [text, at, becomes] of chartValues) {
  test(`of the values ${text.replaceAll("\n", "; ")}, ${at} becomes ${becomes}`, () => {
    if (typeof becomes === "string") assert.equal(outcome(text, at), becomes);
    else assert.match(outcome(text, at), becomes);
  });
}

test("the first of two values for one key wins, and the report names its place for the second", () => {
  const text = `services:
  airflow-scheduler:
    image: apache/airflow:3.3.2
    command: scheduler
    environment: { AIRFLOW__CORE__PARALLELISM: 8 }
  airflow-triggerer:
    image: apache/airflow:3.3.2
    command: triggerer
    environment: { AIRFLOW__CORE__PARALLELISM: 9 }
`;
  assert.equal(
    outcome(text, "services.airflow-scheduler.environment.AIRFLOW__CORE__PARALLELISM"),
    "settings.core.parallelism",
  );
  assert.equal(
    outcome(text, "services.airflow-triggerer.environment.AIRFLOW__CORE__PARALLELISM"),
    "the stack has one settings.core.parallelism, and x.yaml:5 gives it",
  );
});

for (const line of textOf("interpolation.txt").trim().split("\n")) {
  const [text = "", made] = line.split(" => ");
  test(`${text} is interpolated as docker compose does`, () => {
    const variables = new Map([
      ["A", "one"],
      ["B", ""],
    ]);
    const used: string[] = [];
    assert.equal(
      interpolate(text, variables, (name) => used.push(name)),
      made,
    );
    const named = ["A", "B", "NONE"].filter((name) => new RegExp(`(?<!\\$)\\$\\{?${name}\\b`).test(text));
    assert.deepEqual([...new Set(used)].sort(), named);
  });
}

test("definitions may be quoted, exported and commented", () => {
  const text = "# a\nexport A=1 # one\nB='x # y'\nC=\"a\\nb\" # c\n\nD=\n";
  assert.deepEqual(
    readDefinitions(".env", text).map(({ name, value, line }) => [name, value, line]),
    [
      ["A", "1", 2],
      ["B", "x # y", 3],
      ["C", "a\nb", 4],
      ["D", "", 6],
    ],
  );
});

test("quantities of compose and of Kubernetes are read", () => {
  assert.deepEqual(["4G", "2500M", "4Gi", "1.5T", "1048576", "lots"].map(convertQuantity), [
    3815,
    2385,
    4096,
    1430512,
    1,
    undefined,
  ]);
  assert.deepEqual(["512m", "2g", "1.5Gi", "512Mi", "1073741824", "2G", "lots", "1x"].map(convertMebibytes), [
    512,
    2048,
    1536,
    512,
    1024,
    2048,
    undefined,
    undefined,
  ]);
  assert.deepEqual(["500m", "2", 0.5, "two"].map(convertCores), [0.5, 2, 0.5, undefined]);
  assert.deepEqual(["90", "90s", "1m30s", "2h", "", "soon"].map(convertSeconds), [
    90,
    90,
    90,
    7200,
    undefined,
    undefined,
  ]);
});

test("a report lists the keys that are still missing", () => {
  const { plan } = importOf("values2");
  const shown = importReport(plan, "x", ["stacks/Pulumi.x.yaml:3: images.redis is not given; expected …"]);
  assert.match(
    shown,
    /The stack file still has to be given, or changed:\n {2}stacks\/Pulumi\.x\.yaml:3: images\.redis is not given/,
  );
});
