import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, test } from "node:test";
import tls from "node:tls";
import { machineCertificate } from "../../../platforms/docker/certificate.ts";
import { authorityVariables, proxyVariableNames } from "../../../settings/model/names/ownNames.ts";
import { controlRoles } from "../../roleNames.ts";
import { authorityOf, ecKey, pemOf } from "../certificates.ts";
import { clusterWithImage } from "../cluster.ts";
import { containersOf, type Declared, declare } from "../mocks.ts";
import { faults } from "../settings/rules/refusals.ts";
import type { Config } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("roles");

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const files = { authority: "", past: "", certificate: "", key: "", text: "", token: "" };
let authority = "";

before(async () => {
  const signer = ecKey();
  const key = ecKey();
  authority = await authorityOf(signer);
  files.authority = written("authority.pem", authority);
  files.past = written("past.pem", await authorityOf(signer, -1 / 48));
  files.certificate = written(
    "certificate.pem",
    await machineCertificate("airflow.test", createPublicKey(key), signer, 1),
  );
  files.key = written("key.pem", pemOf(key));
  files.text = written("x.ini", "[x]\n");
  files.token = written("token", "of-the-role\n");
});

type Container = Record<string, unknown>;
type Uploads = { file: string; content?: string; source?: string; sourceHash?: string }[];

const airflow = [...controlRoles, "worker-1"];

function variablesOf({ envs }: Container): Record<string, string> {
  const pairs = (envs as string[]).map((line): [string, string] => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

/** Containers of a stack, with one worker unless configured otherwise. */
async function containers(config: Config): Promise<Map<string, Container>> {
  return containersOf(await declare({ workers: 1, ...config }));
}

function of(all: Map<string, Container>, name: string): Container {
  return all.get(name) ?? assert.fail(`there is no ${name}`);
}

test("a role's extras override those of all roles, and Redis and Postgres get none", async () => {
  const config = {
    roles: {
      all: {
        env: { TZ: "UTC", A: 1 },
        labels: { team: "data" },
        secretFiles: { token: { file: files.token } },
      },
      scheduler: {
        env: { TZ: "Europe/Berlin" },
        labels: { team: "core" },
        files: { "/opt/airflow/config/x.ini": files.text },
        memory: 3000,
        cpu: 0.5,
      },
    },
    extraHosts: { "db.example.com": "10.0.0.7" },
  };
  const all = await containers(config);
  for (const name of airflow) {
    const container = of(all, name);
    const isScheduler = name === "scheduler";
    const { TZ, A } = variablesOf(container);
    assert.deepEqual([TZ, A], [isScheduler ? "Europe/Berlin" : "UTC", "1"], name);
    assert.deepEqual(container.labels, [{ label: "team", value: isScheduler ? "core" : "data" }], name);
    assert.deepEqual(container.hosts, [{ host: "db.example.com", ip: "10.0.0.7" }], name);
    const uploads = container.uploads as Uploads;
    const found = (path: string) => uploads.find(({ file }) => file === path)?.content;
    assert.equal(found("/run/secrets/token"), "of-the-role", name);
    assert.equal(found("/opt/airflow/config/x.ini"), isScheduler ? "[x]\n" : undefined, name);
  }
  const { memory, memorySwap, cpuQuota } = of(all, "scheduler");
  assert.deepEqual([memory, memorySwap, cpuQuota], [3000, 3000, 50_000]);
  const plain = await containers({});
  for (const name of ["redis", "postgres"]) assert.deepEqual(of(all, name), of(plain, name));
});

test("a named volume is shared and belongs to Airflow's user before a role mounts it; a directory is mounted read-only", async () => {
  const volumes = { "/opt/models": "models", "/opt/big": "/srv/big" };
  const declared = await declare({ workers: 1, roles: { worker: { volumes }, scheduler: { volumes } } });
  const all = containersOf(declared);
  for (const name of ["worker-1", "scheduler"]) {
    const mounts = of(all, name).mounts as { target: string }[];
    assert.deepEqual(
      mounts.filter(({ target }) => target in volumes),
      [
        { target: "/opt/models", type: "volume", source: "airflow-unit-models" },
        { target: "/opt/big", type: "bind", source: "/srv/big", readOnly: true },
      ],
    );
  }
  const { entrypoints, mounts, user } = of(all, "volume-models");
  assert.deepEqual(entrypoints, ["true"]);
  assert.equal(user, "50000:0");
  assert.deepEqual(mounts, [{ target: "/opt/airflow/logs", type: "volume", source: "airflow-unit-models" }]);
  assert.equal([...all.keys()].filter((name) => name.startsWith("volume-")).length, 1);
});

test("the stack's labels are on every container, network and volume, and a stack without labels sets none", async () => {
  const labelled = (declared: readonly Declared[]) =>
    declared
      .filter(({ type }) => /:(Container|Network|Volume)$/.test(type))
      .map(({ inputs: { labels } }) => labels as { label: string; value: string }[] | undefined);
  const all = labelled(await declare({ workers: 1, labels: { team: "data" } }));
  // With Postgres and Redis, the network and four volumes.
  assert.equal(all.length, airflow.length + 2 + 1 + 4);
  for (const labels of all) assert.deepEqual(labels, [{ label: "team", value: "data" }]);
  assert.deepEqual(
    [...new Set(labelled(await declare({ workers: 1 })).map((labels) => labels?.length))],
    [undefined, 0],
  );
});

const cluster = { ...clusterWithImage, workers: 1 };

interface Manifest {
  readonly metadata: { readonly labels?: Record<string, string> };
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Record<string, string> };
    readonly template?: { readonly metadata: { readonly labels: Record<string, string> } };
  };
}

const own = (declared: readonly Declared[]) =>
  declared.filter(({ type }) => type.startsWith("kubernetes:") && !type.includes("Provider"));

test("the stack's labels are on every object of a cluster and on its pods, and change no selector", async () => {
  const config = { labels: { team: "data" }, roles: { worker: { labels: { tier: "tasks" } } } };
  const plain = own(await declare(cluster));
  const all = own(await declare({ ...cluster, ...config }));
  assert.equal(all.length, plain.length);
  for (const { type, name, inputs } of all) {
    const { metadata, spec } = inputs as unknown as Manifest;
    assert.equal(metadata.labels?.team, "data", `${type} ${name}`);
    if (spec?.template) assert.equal(spec.template.metadata.labels.team, "data", name);
    const before = plain.find((one) => one.type === type && one.name === name)?.inputs as unknown as Manifest;
    assert.deepEqual(spec?.selector, before.spec?.selector, name);
  }
  const worker = all.find(({ type, name }) => type.endsWith(":StatefulSet") && name === "worker");
  const { metadata, spec } = (worker ?? assert.fail()).inputs as unknown as Manifest;
  assert.equal(metadata.labels?.tier, "tasks");
  assert.equal(spec?.template?.metadata.labels.tier, "tasks");
});

test("a job in a cluster gets a new name with new labels, since a Job cannot be changed", async () => {
  const name = async (labels: object) => {
    const job = (await declare({ ...cluster, labels })).find(
      ({ type }) => type === "kubernetes:batch/v1:Job",
    );
    return ((job ?? assert.fail()).inputs as { metadata: { name: string } }).metadata.name;
  };
  assert.notEqual(await name({}), await name({ team: "data" }));
  assert.equal(await name({ team: "data" }), await name({ team: "data" }));
});

const proxy = { http: "http://proxy.test:3128", https: "http://proxy.test:3129", no: [".example.com"] };

test("connections to the outside go through the proxy, and connections within the stack do not", async () => {
  const all = await containers({ proxy, workers: 2 });
  const outside = [...all].filter(([, container]) => "HTTP_PROXY" in variablesOf(container));
  const names = ["dag-processor", "triggerer", "worker-1", "worker-2"];
  assert.deepEqual(outside.map(([name]) => name).sort(), names);
  const variables = variablesOf(of(all, "worker-1"));
  const direct = "localhost,127.0.0.1,::1,redis,postgres,webserver,.example.com";
  const given = Object.fromEntries(proxyVariableNames.map((name) => [name, variables[name]]));
  assert.deepEqual(given, {
    HTTP_PROXY: proxy.http,
    http_proxy: proxy.http,
    HTTPS_PROXY: proxy.https,
    https_proxy: proxy.https,
    NO_PROXY: direct,
    no_proxy: direct,
  });
});

test("a webserver that reads remote logs reaches each worker without the proxy, and a cluster exempts its own domains", async () => {
  const settings = { logging: { remote_logging: true, remote_base_log_folder: "s3://logs" } };
  const { NO_PROXY = "" } = variablesOf(of(await containers({ proxy, settings, workers: 2 }), "webserver"));
  const names = ["postgres", "worker", "worker-1", "worker-2", "triggerer"];
  assert.deepEqual(NO_PROXY.split(","), ["localhost", "127.0.0.1", "::1", ...names, ".example.com"]);
  const worker = (await declare({ ...cluster, proxy })).find(
    ({ name, type }) => name === "worker" && type.endsWith("Set"),
  );
  assert.match(
    JSON.stringify(worker?.inputs),
    /redis,postgres,webserver,\.svc,\.cluster\.local,\.example\.com/,
  );
});

test("roles get the public authorities and the stack's own in one file, whose content is not in the state", async () => {
  const all = await containers({ caCertificates: [files.authority] });
  for (const name of airflow) {
    const container = of(all, name);
    const variables = variablesOf(container);
    for (const variable of authorityVariables)
      assert.equal(variables[variable], "/etc/ssl/airflow/authorities.pem");
    const upload = (container.uploads as Uploads).find(
      ({ file }) => file === "/etc/ssl/airflow/authorities.pem",
    );
    const kept = readFileSync(resolve(import.meta.dirname, "../../..", upload?.source ?? ""), "utf8");
    assert.equal(kept.match(/BEGIN CERTIFICATE/g)?.length, tls.rootCertificates.length + 1);
    assert.ok(kept.endsWith(authority));
    assert.match(upload?.sourceHash ?? "", /^[0-9a-f]{64}$/);
  }
  assert.ok(existsSync(files.authority));
});

test("a container's files are named by their hashes, so that only secrets have their contents in the state", async () => {
  const found = (await declare()).filter(({ type }) => type === "docker:index/container:Container");
  const uploads = found.flatMap(({ inputs }) => inputs.uploads as Uploads);
  assert.ok(uploads.length > 50, String(uploads.length));
  for (const { file, content, source, sourceHash } of uploads) {
    const isSecret = file.startsWith("/run/secrets/");
    assert.deepEqual([content !== undefined, source !== undefined], [isSecret, !isSecret], file);
    assert.equal(source, isSecret ? undefined : `.state/files/${sourceHash}`);
  }
});

test("in a cluster the authorities are one ConfigMap, mounted in every pod of Airflow", async () => {
  const all = own(await declare({ ...cluster, caCertificates: [files.authority] }));
  const maps = all.filter(
    ({ name, type }) => type === "kubernetes:core/v1:ConfigMap" && name.startsWith("file-"),
  );
  assert.equal(maps.length, 1);
  assert.ok(JSON.stringify(maps[0]?.inputs.data).length < 2 ** 20);
  const path = "/etc/ssl/airflow/authorities.pem";
  const pods = all.filter(({ inputs }) => JSON.stringify(inputs).includes(`"mountPath":"${path}"`));
  assert.equal(pods.length, airflow.length);
});

test("files, volumes, variables and labels of roles that collide with the stack are refused", () => {
  const big = written("big", "x".repeat(512 * 1024 + 1));
  const binary = written("binary", Buffer.from([0, 1, 2, 255]));
  const worker = {
    env: { AIRFLOW_CONFIG: "x", AIRFLOW_CONN_DB: "postgresql://u:p@h/d", HTTP_PROXY: "http://x" },
    secretFiles: { fernet_key: { file: files.token } },
    files: {
      "/a/big": big,
      "/a/binary": binary,
      "/run/secrets/x": files.text,
      "/opt/airflow/migrate.py": files.text,
    },
    volumes: { "/opt/airflow/logs": "other", "/v": "postgres-data" },
    memory: 100,
  };
  const lines = faults({ proxy, roles: { worker, all: { cpu: 1 } }, labels: { "reaches/redis": "true" } });
  const keys = lines.map((line) => line.slice(0, line.indexOf(" is ")));
  assert.deepEqual(
    keys.sort(),
    [
      "labels.reaches/redis",
      "roles.all.cpu",
      "roles.worker.env.AIRFLOW_CONFIG",
      "roles.worker.env.AIRFLOW_CONN_DB",
      "roles.worker.env.HTTP_PROXY",
      "roles.worker.files./a/big",
      "roles.worker.files./a/binary",
      'roles.worker.files["/opt/airflow/migrate.py"]',
      "roles.worker.files./run/secrets/x",
      "roles.worker.memory",
      "roles.worker.secretFiles.fernet_key",
      "roles.worker.volumes./opt/airflow/logs",
      "roles.worker.volumes./v",
    ].sort(),
  );
  for (const line of lines) assert.match(line, /expected /);
  assert.ok(
    lines.some((line) =>
      line.endsWith("it has 513 KiB: expected at most 512; larger files belong in the image, or in a volume"),
    ),
  );
});

test("a cluster refuses directories of a node, and a proxy that its network policies block", () => {
  const roles = {
    worker: { volumes: { "/big": "/srv/big" }, files: { "/a/b_c": files.text, "/a_b/c": files.text } },
  };
  const lines = faults({ ...cluster, roles, proxy: { http: "http://10.1.2.3:3128" } });
  assert.equal(lines.length, 3, lines.join("\n"));
  assert.ok(
    lines.some((line) =>
      /volumes\.\/big is \/srv\/big; a pod may run on any node, and gets no directory/.test(line),
    ),
  );
  assert.ok(lines.some((line) => /a cluster cannot tell it from \/a\/b_c/.test(line)));
  assert.ok(
    lines.some((line) =>
      /^proxy\.http is http:\/\/10\.1\.2\.3:3128; kubernetes\.egress blocks roles from 10\.1\.2\.3/.test(
        line,
      ),
    ),
  );
  assert.deepEqual(faults({ ...cluster, proxy: { http: "http://203.0.113.4:3128" } }), []);
});

test("a file of authorities without valid certificates is refused", () => {
  const rows: [string, RegExp][] = [
    [files.text, /there is no certificate in it: expected/],
    [files.key, /it contains a private key/],
    [files.past, /its certificate of CN=authority [0-9a-f]{8} expired on \d{4}-\d\d-\d\d: expected/],
    [
      written("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      /cannot be read/,
    ],
  ];
  for (const [file, message] of rows) assert.match(faults({ caCertificates: [file] }).join(), message);
  assert.deepEqual(faults({ caCertificates: [files.authority] }), []);
});

test("publish adds a container with TLS in front of the webserver and Flower, and Airflow gets its address", async () => {
  const publish = {
    address: "10.0.0.1",
    certificate: files.certificate,
    key: { file: files.key },
    flowerPort: 5443,
  };
  const all = await containers({ publish });
  assert.deepEqual(of(all, "entrance").ports, [
    { internal: 8444, external: 443, ip: "10.0.0.1" },
    { internal: 8445, external: 5443, ip: "10.0.0.1" },
  ]);
  const variables = variablesOf(of(all, "webserver"));
  assert.equal(variables.AIRFLOW__API__BASE_URL, "https://airflow.test");
  assert.equal(variables.FORWARDED_ALLOW_IPS, "*");
  assert.equal(variablesOf(of(await containers({}), "webserver")).FORWARDED_ALLOW_IPS, undefined);
});

test("gunicorn, which otherwise trusts every client, trusts this machine's forwarded headers alone", async () => {
  const trusted = async (config: Config) =>
    variablesOf(
      of(await containers({ settings: { api: { server_type: "gunicorn" } }, ...config }), "webserver"),
    ).FORWARDED_ALLOW_IPS;
  assert.equal(await trusted({}), "127.0.0.1");
  assert.equal(await trusted({ trustedProxies: ["10.0.0.0/8"] }), "10.0.0.0/8");
});

test("only the webserver trusts forwarded headers, and only those from trustedProxies", async () => {
  const all = await containers({ trustedProxies: ["172.18.0.1", "10.0.0.0/8"] });
  const trusting = [...all].filter(([, args]) => variablesOf(args).FORWARDED_ALLOW_IPS !== undefined);
  assert.deepEqual(
    trusting.map(([name, args]) => [name, variablesOf(args).FORWARDED_ALLOW_IPS]),
    [["webserver", "172.18.0.1,10.0.0.0/8"]],
  );
});
