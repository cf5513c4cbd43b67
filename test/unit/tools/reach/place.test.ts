import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findPlace, type Place, placeOf, placeOfWorker } from "../../../../tools/lib/reach/place.ts";
import { Stack } from "../../../../tools/lib/stack.ts";
import { withPrograms } from "../../standIns.ts";

/** Stand-in for the Docker client and kubectl: a stack with one webserver, two schedulers; on machine big a worker, a triggerer and a second webserver. */
const client = `#!/bin/sh
case $(basename "$0")@$DOCKER_HOST:$*: in
  docker@:*"name=^/?airflow-x-webserver$ "*"network=airflow-x:") echo 1 ;;
  docker@:*"name=^/?airflow-x-scheduler-1$ "*"network=airflow-x:") echo 2 ;;
  docker@ssh://airflow@big:*"name=^/?airflow-x-worker-big-1$ "*"network=airflow-x:") echo 3 ;;
  docker@ssh://airflow@big:*"name=^/?airflow-x-webserver-2$ "*"network=airflow-x:") echo 5 ;;
  docker@ssh://airflow@big:*"name=^/?airflow-x-triggerer-gpu-1$ "*"network=airflow-x:") echo 4 ;;
  kubectl@:"--context c --namespace n get pods --selector app.kubernetes.io/name --field-selector status.phase=Running --output go-template="*)
    printf 'worker-gpu-7c-abc worker-gpu\\nscheduler-6f-old2 scheduler\\nwebserver-5d4f-x2x webserver\\nworker-1 worker\\nrestore-x2x restore\\n' ;;
esac
`;

const docker = `{}`;
const machines = `
  airflow:machines:
    - { name: here, docker: unix:///var/run/docker.sock, address: 10.0.0.1, roles: [postgres] }
    - { name: big, docker: ssh://airflow@big, address: 10.0.0.2, workers: 1 }`;
const cluster = `
  airflow:platform: kubernetes
  airflow:kubernetes: { context: c, namespace: n }
  airflow:images: { airflow: r/a:1.0.0, postgres: r/p:1.0.0, redis: r/r:1.0.0 }
  airflow:dagsGit: { url: https://git.example.com/dags.git }`;

/** Looks for a place in a stack, with the stand-ins first in the PATH. */
function look<T>(config: string, find: (stack: Stack) => Promise<T>): Promise<T> {
  return withPrograms({ docker: client, kubectl: client }, (folder) => {
    const file = join(folder, "Pulumi.x.yaml");
    writeFileSync(file, `config: ${config}\n`);
    return find(new Stack("x", file));
  });
}

function command({ program, args }: Place): string {
  return [program, ...args].join(" ");
}

test("a command runs in the first container of a service, on the machine of its group", async () => {
  const found = (config: string, service: string, terminal = false) =>
    look(config, (stack) => placeOf(stack, service, terminal));
  assert.equal(command(await found(docker, "webserver")), "docker exec -i airflow-x-webserver");
  assert.equal(command(await found(docker, "scheduler", true)), "docker exec -it airflow-x-scheduler-1");
  const worker = await found(machines, "worker-big");
  assert.equal(command(worker), "docker exec -i airflow-x-worker-big-1");
  assert.equal(worker.env.DOCKER_HOST, "ssh://airflow@big");
});

test("a group of workers is found on the first of its machines that runs one, and a worker in the first such group", async () => {
  const spread = machines.replace("{ name: here,", "{ name: here, workers: 1,");
  const worker = await look(spread, (stack) => placeOf(stack, "worker"));
  assert.equal(command(worker), "docker exec -i airflow-x-worker-big-1");
  assert.equal(worker.env.DOCKER_HOST, "ssh://airflow@big");
  assert.deepEqual(await look(spread, placeOfWorker), worker);
  await assert.rejects(look(docker, placeOfWorker), /Stack x has no running worker; expected/);
});

test("triggerers of a group are found on its machine, by the name of the service or of an instance", async () => {
  const groups = `${machines}
  airflow:workerGroups:
    - { name: gpu-x, queues: [x], machine: here }
    - { name: gpu, queues: [gpu], machine: big, triggerers: 1 }`;
  for (const name of ["triggerer-gpu", "triggerer-gpu-1"]) {
    const { name: found, env } = await look(groups, (stack) => placeOf(stack, name));
    assert.deepEqual([found, env.DOCKER_HOST], ["airflow-x-triggerer-gpu-1", "ssh://airflow@big"]);
  }
});

test("an instance of a role is found on the machine of the role", async () => {
  const placed = machines.replace("workers: 1", "roles: [webserver]");
  const { name, env } = await look(placed, (stack) => placeOf(stack, "webserver-2"));
  assert.deepEqual([name, env.DOCKER_HOST], ["airflow-x-webserver-2", "ssh://airflow@big"]);
});

test("a command runs in a pod of a service in the cluster's context and namespace", async () => {
  const found = (service: string, terminal = false) =>
    look(cluster, (stack) => placeOf(stack, service, terminal));
  const kubectl = "kubectl --context c --namespace n exec";
  assert.equal(command(await found("webserver")), `${kubectl} -i webserver-5d4f-x2x --`);
  assert.equal(command(await found("worker", true)), `${kubectl} -it worker-1 --`);
  assert.equal(command(await found("restore")), `${kubectl} -i restore-x2x --`);
  assert.equal(command(await found("worker-gpu")), `${kubectl} -i worker-gpu-7c-abc --`);
});

/** Stand-in for a client whose engine or cluster is away; answers after a second. */
const away = (complaint: string) => `#!/bin/sh\nsleep 1\necho "${complaint}" >&2\nexit 1\n`;

for (const [what, config, complaint, place, error] of [
  [
    "engine",
    docker,
    "Cannot connect to the Docker daemon at unix:///nowhere.",
    "the Docker engine",
    "docker ps: Cannot connect to the Docker daemon at unix:///nowhere.; expected an answer; try docker info",
  ],
  [
    "machine",
    machines.replace("workers: 1", "roles: [scheduler]"),
    "error during connect: ssh: connect to host big port 22: No route to host",
    "machine big",
    "docker ps: ssh://airflow@big does not answer: error during connect: ssh: connect to host big port 22: No route to host; " +
      "expected a machine that is up and reachable from here; start it, or check its network and firewall",
  ],
  [
    "cluster",
    cluster,
    "The connection to the server 10.0.0.1:6443 was refused",
    "the cluster",
    "kubectl get pods: The connection to the server 10.0.0.1:6443 was refused; expected an answer; try kubectl --context c " +
      "--namespace n get pods",
  ],
] as const)
  test(`a command that waits for its ${what} says so, and names what did not answer`, async (context) => {
    const told = context.mock.method(console, "error", () => {});
    context.mock.timers.enable({ apis: ["setInterval"] });
    const client = away(complaint);
    await withPrograms({ docker: client, kubectl: client }, async (folder) => {
      const file = join(folder, "Pulumi.x.yaml");
      writeFileSync(file, `config: ${config}\n`);
      const found = placeOf(new Stack("x", file), "scheduler");
      context.mock.timers.tick(10_000);
      await assert.rejects(found, { message: `${place} did not answer ${error}` });
    });
    assert.deepEqual(
      told.mock.calls.map(({ arguments: [line] }) => String(line).replace(/\d+ s/, "N s")),
      [`  waiting for ${place} (N s)`],
    );
  });

test("a service that does not run has no place, and a command for it fails with the way to list services", async () => {
  for (const config of [docker, cluster]) {
    assert.equal(await look(config, (stack) => findPlace(stack, "flower")), undefined);
    await assert.rejects(
      look(config, (stack) => placeOf(stack, "flower")),
      {
        message:
          "Stack x has no running flower; expected the name of a role or an instance, such as scheduler, webserver, worker " +
          "or worker-2. npm run status -- --stack x lists them.",
      },
    );
  }
});
