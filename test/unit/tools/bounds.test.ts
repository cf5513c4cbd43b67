import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readDeployed, readStackFile } from "../../../settings/read/read.ts";
import { type Bounds, boundsTable, warnings } from "../../../tools/lib/bounds/bounds.ts";
import { endingWarnings, fileEndings } from "../../../tools/lib/bounds/certificates.ts";
import { imagesOlderThan, removeOldImages, superfluous } from "../../../tools/lib/bounds/images.ts";
import { volumeFacts } from "../../../tools/lib/bounds/volumes.ts";
import type { MachineFacts } from "../../../tools/lib/status/facts.ts";
import { authorityOf, ecKey } from "../certificates.ts";
import { settingsFor } from "../settingsFrom.ts";
import { withPrograms } from "../standIns.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("bounds");

const authorityKey = ecKey();
const day = 86_400_000;

async function certificate(name: string, days: number): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, await authorityOf(authorityKey, days));
  return file;
}

test("an expired certificate blocks a deployment, and is only a warning for other commands", async () => {
  const file = join(folder, "Pulumi.unit.yaml");
  const past = await certificate("past.pem", -1 / 48);
  writeFileSync(file, `config:\n  airflow:workers: 3\n  airflow:caCertificates: [${past}]\n`);
  assert.throws(() => readStackFile(file), /caCertificates\[0\] is .*expired on/);
  const settings = readDeployed(file);
  assert.equal(settings.groups[0]?.workers, 3);
  const [warning, ...more] = endingWarnings(fileEndings(settings), new Date());
  assert.match(
    warning ?? "",
    /^caCertificates\[0\] expired on [\d-]{10}: replace the file, then npm run up$/,
  );
  assert.deepEqual(more, []);
  writeFileSync(file, "config:\n  airflow:workers: -1\n");
  assert.throws(() => readDeployed(file), /workers is -1/);
});

test("a wrong external address blocks a deployment, and not the removal of the stack", () => {
  const file = join(folder, "Pulumi.outside.yaml");
  writeFileSync(file, "config:\n  airflow:tracing: { endpoint: http://localhost:4318 }\n");
  assert.throws(() => readStackFile(file), /tracing\.endpoint is .*each container is there itself/);
  assert.equal(readDeployed(file).tracing?.endpoint, "http://localhost:4318");
});

test("a certificate that ends within 30 days is a warning", async () => {
  const caCertificates = [await certificate("soon.pem", 29.5), await certificate("later.pem", 30.5)];
  const settings = settingsFor({ caCertificates });
  const warnings = endingWarnings(fileEndings(settings), new Date());
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^caCertificates\[0\] ends in 29 d, on [\d-]{10}: /);
  const redis = { ...settings.redis, certificate: await certificate("client.pem", 20) };
  const places = fileEndings({ ...settings, redis }).map(({ what }) => what);
  assert.deepEqual(places, ["caCertificates[0]", "caCertificates[1]", "redis.certificate"]);
});

const instance = (name: string, state = "running") => {
  return {
    name,
    state,
    health: "healthy",
    image: "airflow-on-celery/redis:7-ba5e2b1beea1",
    restarts: 0,
    fine: true,
  };
};
const machines: readonly MachineFacts[] = [
  { name: "main", instances: [instance("redis"), instance("worker-main-1"), instance("worker-main-2")] },
  { name: "big", cause: "no route to host" },
  { name: "old", instances: [instance("postgres", "exited")] },
];

test("one running instance of each kind reports how full its volumes are", async () => {
  const asked: string[] = [];
  const volumes = await volumeFacts(machines, async (machine, name, command) => {
    asked.push([machine, name, ...command.slice(3)].join(" "));
    const rows = command.slice(3).map((path, at) => `/dev/vda 2097152 1 1 ${84 + at}% ${path}`);
    return {
      text: ["Filesystem 1024-blocks Used Available Capacity Mounted", ...rows].join("\n"),
      asked: 0,
      answered: 0,
    };
  });
  assert.deepEqual(asked, ["main redis /data", "main worker-main-1 /opt/airflow/logs /opt/airflow/data"]);
  const built = new Date("2026-11-14T12:00:00Z");
  const bounds: Bounds = {
    volumes,
    certificates: [],
    images: { "airflow-on-celery/redis:7-ba5e2b1beea1": built },
  };
  const now = new Date(built.getTime() + 10 * day);
  assert.equal(
    boundsTable(bounds, now),
    `machine  volume                           size     
main     redis:/data                      2.0 GiB  84 % full
main     worker-main-1:/opt/airflow/logs  2.0 GiB  84 % full
main     worker-main-1:/opt/airflow/data  2.0 GiB  85 % full

redis:7-ba5e2b1beea1  built 10 d ago`.replace("size     \n", "size\n"),
  );
  assert.deepEqual(warnings(bounds, now), ["worker-main-1:/opt/airflow/data on main is 85 % full"]);
});

test("images in use stay, and three earlier ones of each kind", () => {
  const image = (name: string, at: number) => `airflow-on-celery/${name}:3.3.2-00000000000${at}`;
  const there = [9, 8, 7, 6, 5, 4].map((at) => image("airflow", at));
  const dags = ["d:0", "c:1", "c:1", "b", "a"].map((one) =>
    one.includes(":")
      ? `registry.example.com:5000/team/dags${one.slice(1)}`
      : `registry.example.com:5000/team/dags@sha256:${one}`,
  );
  const all = [...there, image("gateway", 1), ...dags];
  assert.deepEqual(superfluous(all, [image("airflow", 8), image("gateway", 1)]), [
    image("airflow", 5),
    image("airflow", 4),
    "registry.example.com:5000/team/dags@sha256:a",
  ]);
});

/** Stand-in for the Docker client: lists five images of a repository, without tags over ssh, and notes what is removed. */
const engine = `#!/bin/sh
case "$DOCKER_HOST" in ssh:*) host="$DOCKER_HOST " ;; esac
case "$*" in
  "image ls"*"reference=airflow-on-celery/* --filter reference=team/dags --format"*)
    for at in 5 4 3 2 1; do
      tag=$at
      [ -z "$host" ] || tag='<none>'
      printf 'team/dags\\t%s\\tsha256:%s\\t2026-01-0%s 12:00:00 +0000 UTC\\n' "$tag" $at $at
    done ;;
  "image rm "*) echo "$host$3" >> "$(dirname "$0")/removed" ;;
esac
`;

test("images with DAGs are removed as others are, also from machines, which pull them by digest", async () => {
  const big = { name: "big", docker: "ssh://airflow@big", address: "10.0.0.2" };
  const removed = await withPrograms({ docker: engine }, async (programs) => {
    await removeOldImages([{ machine: big, images: [] }], ["team/dags:5"], "docker.io/team/dags");
    return readFileSync(join(programs, "removed"), "utf8").trim().split("\n").sort();
  });
  assert.deepEqual(removed, [
    `${big.docker} team/dags@sha256:1`,
    `${big.docker} team/dags@sha256:2`,
    "team/dags:1",
  ]);
});

/** Stand-in for the Docker client: four images that were built here and pushed. */
const pushing = `#!/bin/sh
case "$*" in
  "image ls"*) for at in 9 8 7 6 5; do printf 'airflow-on-celery/redis\\t%s\\t<none>\\t2026-01-0%s 12:00:00 +0000 UTC\\n' $at $at; done ;;
  "image inspect"*:[56]) at=\${5##*:}; printf '%s\\n' airflow-on-celery/redis:$at r.example.com/a/redis:$at r.example.com/b/redis:$at r.example.com/redis:mine ;;
  "image rm "*) shift 2; echo "$@" >> "$(dirname "$0")/removed" ;;
esac
`;

test("the names under which an old image was pushed are removed with the image, but for those that a deployment needs", async () => {
  const needed = ["r.example.com/b/redis:5@sha256:0123"];
  const removed = await withPrograms({ docker: pushing }, async (programs) => {
    await removeOldImages([], needed, undefined);
    return readFileSync(join(programs, "removed"), "utf8");
  });
  assert.equal(
    removed,
    "airflow-on-celery/redis:6 r.example.com/a/redis:6 r.example.com/b/redis:6\n" +
      "airflow-on-celery/redis:5 r.example.com/a/redis:5\n",
  );
});

test("images of the deploying engine are old after their days, by the time at which they were built", () => {
  const list =
    "a\t1\t<none>\t2026-11-30 16:40:00 +0000 UTC\nb\t<none>\tsha256:2\t2026-10-30 18:40:00 +0200 CEST\n";
  const now = Date.parse("2026-11-30T16:40:01Z");
  assert.deepEqual(imagesOlderThan(0, list, now), ["a:1", "b@sha256:2"]);
  assert.deepEqual(imagesOlderThan(30, list, now), ["b@sha256:2"]);
  assert.deepEqual(imagesOlderThan(32, list, now), []);
  assert.deepEqual(imagesOlderThan(0, "", now), []);
});
