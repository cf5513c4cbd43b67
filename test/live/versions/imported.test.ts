import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { planOf } from "../../../importer/input.ts";
import { Outside } from "../docker/outside.ts";
import { assertUndisturbed, type Config, hostOf, TestStack } from "../lib/harness.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";

interface Shape {
  readonly stack: TestStack;
  readonly port: number;
  readonly release: string;
  /** Services of this version besides scheduler, workers and triggerer, with their commands. */
  readonly services: Readonly<Record<string, string>>;
  readonly webserver: string;
  readonly names: readonly string[];
  readonly broker: string;
  /** Keys that are added to the imported ones. */
  readonly added: () => Promise<Config>;
}

const outside = new Outside("asking", 18720);
after(() => outside.remove());

/** Starts a Redis that asks for a certificate; returns the keys that a stack needs for it. */
async function askingRedis(): Promise<Config> {
  await outside.startAsking();
  const { ca, folder, asking } = outside;
  const key = { file: join(folder, "server.key") };
  const url = { file: outside.file("redis", asking) };
  return { redis: { url, ca, certificate: join(folder, "server.pem"), key } };
}

const shapes: readonly Shape[] = [
  {
    stack: new TestStack("livetest-imported2", 18700),
    port: 18700,
    release: "2.10.5",
    services: {},
    webserver: "webserver",
    names: ["check"],
    broker: "a Redis that asks for certificates",
    added: askingRedis,
  },
  {
    stack: new TestStack("livetest-imported3", 18710),
    port: 18710,
    release: "3.0.6",
    services: { "airflow-dag-processor": "dag-processor" },
    webserver: "api-server",
    names: ["dag-processor", "redis"],
    broker: "its own Redis",
    added: async () => ({}),
  },
];

/** A compose file in the official shape, with a worker for another queue. */
function composeOf({ stack, port, release, services, webserver }: Shape): string {
  const own = Object.entries(services).map(
    ([name, command]) => `  ${name}: { <<: *common, command: ${command} }`,
  );
  return `x-airflow-common:
  &common
  image: \${AIRFLOW_IMAGE_NAME:-apache/airflow:${release}}
  environment:
    &common-env
    AIRFLOW__CORE__EXECUTOR: CeleryExecutor
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: postgresql+psycopg2://airflow:airflow@postgres/airflow
    AIRFLOW__CELERY__RESULT_BACKEND: db+postgresql://airflow:airflow@postgres/airflow
    AIRFLOW__CELERY__BROKER_URL: redis://:@redis:6379/0
    AIRFLOW__CORE__FERNET_KEY: ''
    AIRFLOW__CORE__LOAD_EXAMPLES: 'false'
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'true'
  volumes:
    - "\${AIRFLOW_PROJ_DIR:-.}/${basename(stack.dags)}:/opt/airflow/dags"
    - \${AIRFLOW_PROJ_DIR:-.}/logs:/opt/airflow/logs
  user: "\${AIRFLOW_UID:-50000}:0"
services:
  postgres: { image: postgres:16, volumes: ["postgres-db-volume:/var/lib/postgresql/data"] }
  redis: { image: redis:7.2-bookworm, command: redis-server --save 60 1, expose: [6379] }
  airflow-webserver: { <<: *common, command: ${webserver}, ports: ["${port}:8080"] }
  airflow-scheduler: { <<: *common, command: bash -c "sleep 1 && exec airflow scheduler" }
  airflow-worker: { <<: *common, command: celery worker }
  airflow-worker-gpu: { <<: *common, command: "celery worker --queues gpu -c 2" }
  airflow-triggerer: { <<: *common, command: triggerer }
${own.join("\n")}
  airflow-init:
    <<: *common
    command: version
    environment: { <<: *common-env, _AIRFLOW_DB_MIGRATE: 'true' }
  flower: { <<: *common, command: celery flower, profiles: [flower], ports: ["${port + 2}:5555"] }
volumes: { postgres-db-volume: }
`;
}

for (const shape of shapes) {
  const { stack, release, names, broker, added } = shape;
  after(async () => {
    if (existsSync(stack.folder)) await stack.discard();
  });

  test(`a compose file of Airflow ${release} is imported and deployed with ${broker}, and both queues are worked on`, async () => {
    const file = join(stack.folder, "docker-compose.yaml");
    writeFileSync(file, composeOf(shape));
    const look = (path: string) => {
      const absolute = join(stack.folder, path);
      const found = statSync(absolute, { throwIfNoEntry: false });
      const kind = found === undefined ? "nothing" : found.isDirectory() ? "directory" : "file";
      return { kind, absolute, spelt: absolute } as const;
    };
    const plan = planOf({ file, text: readFileSync(file, "utf8"), look });
    assert.deepEqual(plan.unsupported, []);
    assert.deepEqual(plan.secrets, []);
    await stack.up({ ...plan.config, ...(await added()) });
    const expected = [
      "flower",
      "migration",
      "postgres",
      "scheduler",
      "triggerer",
      "webserver",
      "worker-1",
      "worker-gpu-1",
    ];
    assert.deepEqual(await stack.names(), [...expected, ...names].sort());
    const runs = [await stack.trigger("naps"), await stack.trigger("gpu_naps")];
    await runsUndisturbed(stack, "naps", runs[0] ?? "", 6);
    const tasks = await stack.finished("gpu_naps", runs[1] ?? "");
    assertUndisturbed(tasks, 2);
    assert.deepEqual([...new Set(tasks.map(hostOf))], ["worker-gpu-1"]);
    await stack.discard();
  });
}
