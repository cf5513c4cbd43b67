import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { machineCertificate } from "../../../platforms/docker/certificate.ts";
import { webserverConfig } from "../../../settings/model/names/ownCode.ts";
import {
  authoritiesFile,
  authorityVariables,
  localSettingsFile,
  ownDirectories,
  ownFiles,
  ownSecrets,
  ownTrees,
  ownVariables,
  proxyVariableNames,
  usersLocalSettingsFile,
} from "../../../settings/model/names/ownNames.ts";
import { schema } from "../../../settings/schema/schema.ts";
import { secretsDirectory } from "../../../workload.ts";
import { runningRoles } from "../../roleNames.ts";
import { authorityOf, ecKey, pemOf } from "../certificates.ts";
import { type Declared, declare } from "../mocks.ts";
import { type Program, programsOf } from "../programs.ts";
import type { Config } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("extras");

function written(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const signer = ecKey();
const key = ecKey();
const authority = written("authority.pem", await authorityOf(signer));
const text = written("x.ini", "[x]\n");
for (const name of ["plugins", "config", "without"]) mkdirSync(join(folder, name));
written("plugins/own.py", "");
written("config/airflow_local_settings.py", "");
written("config/webserver_config.py", "");
written("without/airflow_local_settings.py", "");
/** Files of a stack's own code, in a container. */
const code = ["/opt/airflow/plugins/own.py", usersLocalSettingsFile, webserverConfig];
const certificate = await machineCertificate("airflow.test", createPublicKey(key), signer, 1);

/** Domain of all external services; no name server resolves it. */
const outside = "outside.test";
const extraHosts = { [`db.${outside}`]: "192.0.2.1", [`broker.${outside}`]: "192.0.2.2" };

const airflow = "r.test/airflow:1";
const image = (name: string) => [name, `r.test/${name}:1`];
const images = {
  ...Object.fromEntries(["postgres", "redis", "pgbouncer", "backup", "monitoring"].map(image)),
  airflow,
};

const given = {
  env: { GIVEN: "to all" },
  secretFiles: { given: { file: text } },
  files: { "/opt/given.ini": text },
  volumes: { "/opt/given": "given" },
  labels: { taker: "airflow" },
};

/** Keys that all of the stacks below can have. */
const common: Config = {
  images,
  extraHosts,
  roles: { all: given },
  labels: { team: "data" },
  caCertificates: [authority],
  plugins: join(folder, "plugins"),
  config: join(folder, "config"),
  proxy: { https: "http://proxy.test:3128", no: [] },
  settings: { logging: { remote_logging: true, remote_base_log_folder: "s3://logs" } },
  pgbouncer: { poolSize: 5 },
  pools: { api: { slots: 1 } },
  canary: { every: "5m" },
  backup: { every: "6h" },
  monitoring: {},
};

const external: Config = {
  postgres: {
    // KEDA knows no extraHosts, and so cannot check the name.
    url: `postgresql://u:word-of-a-test@db.${outside}/airflow?sslmode=verify-ca`,
    resultsUrl: `postgresql://u:word-of-a-test@db.${outside}/results?sslmode=verify-ca`,
    ca: authority,
  },
  redis: { url: `rediss://u:word-of-a-test@broker.${outside}` },
};

/** The stack's own services, with a replaced password. */
const own: Config = { secretGenerations: { metadataPassword: 2 } };

const publish = {
  address: "10.0.0.1",
  certificate: written("tls.pem", certificate),
  key: { file: written("tls.key", pemOf(key)) },
};
const traced = {
  endpoint: "http://otlp.test:4318/",
  headers: { file: written("headers.txt", "authorization=x\n") },
};
/** Variables that a stack may give other values. */
const tracingVariables = ["OTEL_SERVICE_NAME", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
const oidc = { issuer: "https://login.test", clientId: "airflow", clientSecret: { file: text } };
const ldap = {
  url: "ldap://ldap.test",
  bind: "cn=airflow,dc=test",
  password: { file: text },
  search: "ou=people,dc=test",
};
const groups = { "cn=admins,dc=test": "Admin" } as const;
const dagsGit = { url: "https://git.test/dags.git" };
const ingress = {
  class: "nginx",
  namespace: "ingress",
  webserver: "a.test",
  flower: "f.test",
  tlsSecret: "tls",
};
/** A provider for logins in a cluster, without a `webserver_config.py` of the user, and with Flower below the webserver. */
const withLogin = {
  config: join(folder, "without"),
  login: { oidc, roles: groups },
  kubernetes: { pullSecrets: ["pull"], ingress: { ...ingress, flower: undefined }, priority: {} },
};
const machine = (name: string, at: number) => ({
  name,
  docker: `ssh://${name}.test`,
  address: `10.0.0.${at}`,
  workers: 1,
});
const onCluster: Config = {
  platform: "kubernetes",
  kubernetes: { pullSecrets: ["pull"], ingress, priority: {} },
};
const workerAutoscale = { min: 1, max: 2 };

/** Stacks that together have all keys that a stack may have. */
const stacks: Readonly<Record<string, Config>> = {
  "an engine, services elsewhere": {
    ...common,
    ...external,
    publish,
    dagsGit,
    tracing: traced,
    logFormat: "json",
  },
  "an engine, Airflow 2": { ...common, ...external, publish, version: "2.11.2" },
  machines: { ...common, ...own, publish, machines: [machine("one", 1), machine("two", 2)] },
  "a cluster, services elsewhere": { ...common, ...external, ...onCluster, dagsGit, workerAutoscale },
  "a cluster": { ...common, ...own, ...onCluster, ...withLogin, dagsImage: "r.test/dags", workers: 1 },
};

/** True if a program only fills a volume, with the image whose user owns the volume. */
function fillsVolume({ command }: Program): boolean {
  return command[0] === "true" || command[3] === "deliver";
}

/** True if a program runs Airflow or its libraries: its image is Airflow's, with or without DAGs. */
function startsAirflow(program: Program): boolean {
  return /^(r\.test\/airflow|r\.test\/dags)\b/.test(program.image) && !fillsVolume(program);
}

/** Lists the extras that a program lacks. */
function lacking({ env, paths, labels }: Program, files: readonly string[]): string[] {
  const wanted: [string, boolean][] = [
    ["roles.all.env", env.GIVEN === "to all"],
    ["roles.all.secretFiles", paths.has(`${secretsDirectory}/given`)],
    ["roles.all.files", paths.has("/opt/given.ini")],
    ...files.map((path): [string, boolean] => [path, paths.has(path)]),
    ["roles.all.volumes", paths.has("/opt/given")],
    ["roles.all.labels", labels.taker === "airflow"],
    ["caCertificates", paths.has(authoritiesFile)],
    ...authorityVariables.map((name): [string, boolean] => [name, env[name] === authoritiesFile]),
  ];
  return wanted.flatMap(([what, has]) => (has ? [] : [what]));
}

interface Policy {
  readonly egress?: readonly { readonly to?: readonly { readonly ipBlock?: { readonly cidr: string } }[] }[];
}

/** Lists the workloads that may connect outside the cluster: to any address at a port, or to ranges of addresses. */
function outboundWorkloads(declared: readonly Declared[]): {
  readonly at: string[];
  readonly anywhere: string[];
} {
  const policies = declared
    .filter(({ type }) => type.endsWith(":NetworkPolicy"))
    .map(({ name, inputs }) => [name, (inputs.spec as Policy).egress ?? []] as const);
  const named = (rule: (to: NonNullable<Policy["egress"]>[number]["to"]) => boolean | undefined) =>
    policies.flatMap(([name, egress]) => (egress.some(({ to }) => rule(to)) ? [name] : []));
  return {
    at: named((to) => !to),
    anywhere: named((to) => to?.some(({ ipBlock }) => ipBlock?.cidr === "0.0.0.0/0")),
  };
}

for (const [name, config] of Object.entries(stacks)) {
  test(`${name}: every program gets the stack's extras that it needs, and its share of the machine`, async () => {
    const declared = await declare(config);
    const programs = programsOf(declared);
    const { at, anywhere } = outboundWorkloads(declared);
    const files = code.filter((path) => path !== webserverConfig || !("login" in config));
    const missing = programs.flatMap((program): string[] => {
      const isAirflow = startsAirflow(program);
      const connectsOutside =
        program.given.includes(`.${outside}`) || [...at, ...anywhere].includes(program.name);
      const usesProxy = program.env.HTTPS_PROXY !== undefined;
      return [
        ...(isAirflow ? lacking(program, files) : []),
        ...((isAirflow || connectsOutside) && Object.keys(program.hosts).length < 2 ? ["extraHosts"] : []),
        ...(anywhere.includes(program.name) && !usesProxy ? ["proxy"] : []),
        ...(program.labels.team === "data" ? [] : ["labels"]),
        ...Object.entries(program.shares).flatMap(([share, value]) => (value === undefined ? [share] : [])),
      ].map((what) => `${program.name}: ${what}`);
    });
    assert.deepEqual(missing, []);
    // If no program were found, none would lack anything.
    const starters = programs.filter(startsAirflow).map((program) => program.name);
    for (const job of ["migration", "declarations", ...("redis" in config ? ["check"] : [])])
      assert.ok(starters.includes(job), `${job} is not among ${starters}`);
  });
}

test("every variable, file and secret of the stack itself has a reserved name", async () => {
  const known = new Set<string>([
    ...[...ownVariables, ...proxyVariableNames, ...authorityVariables, ...Object.keys(given.env)],
    ...tracingVariables,
    ...ownSecrets.map((name) => `${secretsDirectory}/${name}`),
    ...code,
    ...[localSettingsFile, ...ownFiles, ...ownDirectories, `${secretsDirectory}/given`],
    ...[...Object.keys(given.files), ...Object.keys(given.volumes)],
  ]);
  const isKnown = (name: string) =>
    known.has(name) ||
    /^AIRFLOW__\w+__\w+$/.test(name) ||
    ownTrees.some((tree) => tree !== secretsDirectory && name.startsWith(`${tree}/`));
  for (const config of Object.values(stacks).filter(({ platform }) => platform === undefined)) {
    const names = programsOf(await declare(config))
      .filter(startsAirflow)
      .flatMap(({ env, paths }) => [...Object.keys(env), ...paths])
      .filter((name) => !isKnown(name));
    assert.deepEqual(names, []);
  }
});

test("every role of Airflow loads the user's local settings beside the stack's", async () => {
  const declared = programsOf(await declare({ ...common, version: "2.11.2" })).filter(startsAirflow);
  // The check and the exporter do not import Airflow.
  const programs = declared.filter(({ name }) => !["check", "exporter"].includes(name));
  assert.equal(programs.length, 7 + 2);
  for (const { name, paths, env } of programs) {
    assert.ok(paths.has(localSettingsFile), name);
    assert.equal(env.AIRFLOW__WEBSERVER__CONFIG_FILE, webserverConfig, name);
  }
});

test("every optional key is set in one of these stacks, so that the tests cover each new key", () => {
  const optional = Object.entries(schema.shape).flatMap(([part, type]) =>
    type instanceof z.ZodOptional ? [part] : [],
  );
  const without = optional.filter((part) => !Object.values(stacks).some((stack) => part in stack));
  // Keys of workers, images and files, none of which adds a workload.
  assert.deepEqual(without, ["workerMinConcurrency", "requirements", "declarations"]);
});

test("roles that send spans get the receiver's address, its headers as a file, and network access to it", async () => {
  const programs = programsOf(await declare({ ...common, tracing: traced })).filter(startsAirflow);
  const names = (has: (program: Program) => boolean) =>
    programs
      .filter(has)
      .map(({ name }) => name)
      .sort();
  const tracing = [...runningRoles.filter((role) => role !== "flower"), "worker-1", "worker-2"];
  const url = "http://otlp.test:4318/v1/traces";
  assert.deepEqual(
    names(({ env }) => env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT === url),
    tracing,
  );
  assert.deepEqual(
    names(({ env }) => env.AIRFLOW__TRACES__OTEL_ON === "True"),
    tracing,
  );
  const headers = `${secretsDirectory}/otlp_headers`;
  assert.deepEqual(
    names(({ env }) => env.OTLP_HEADERS_FILE === headers),
    tracing,
  );
  assert.deepEqual(
    names(({ paths }) => paths.has(headers)),
    tracing,
  );
  assert.deepEqual(
    names(({ env }) => env.HTTPS_PROXY !== undefined).filter((name) => tracing.includes(name)),
    tracing,
  );
  assert.equal(programs.find(({ name }) => name === "scheduler")?.env.OTEL_SERVICE_NAME, "airflow-scheduler");
  const own = { ...common, tracing: traced, roles: { all: { env: { OTEL_SERVICE_NAME: "ours" } } } };
  for (const { env, name } of programsOf(await declare(own)).filter(startsAirflow))
    assert.equal(env.OTEL_SERVICE_NAME, "ours", name);
});

test("roles that run callbacks connect outside, and with an option that names a server all that read it", async () => {
  const connecting = async (more: Config) =>
    outboundWorkloads(
      await declare({ images, ...onCluster, dagsImage: "r.test/dags", ...more }),
    ).anywhere.sort();
  const usual = ["dag-processor", "triggerer", "worker"];
  assert.deepEqual(await connecting({}), usual);
  assert.deepEqual(await connecting({ version: "2.11.2" }), ["scheduler", "triggerer", "worker"]);
  assert.deepEqual(await connecting({ settings: { metrics: { statsd_on: false } } }), usual);
  for (const settings of [
    { metrics: { statsd_on: true } },
    { metrics: { otel_on: "1" } },
    { Secrets: { BACKEND: "airflow.providers.hashicorp.secrets.vault.VaultBackend" } },
  ])
    assert.deepEqual(
      await connecting({ settings }),
      [...usual, "scheduler", "webserver"].sort(),
      JSON.stringify(settings),
    );
});

for (const [kind, login] of Object.entries({
  oidc: { oidc, roles: groups },
  ldap: { ldap, roles: groups },
})) {
  test(`the webserver alone gets the provider of logins, ${kind}, with its secret as a file, and network access to it`, async () => {
    const declared = await declare({
      ...common,
      ...onCluster,
      ...withLogin,
      login,
      dagsImage: "r.test/dags",
    });
    const programs = programsOf(declared).filter(startsAirflow);
    const secret = `${secretsDirectory}/login_secret`;
    const file = "/opt/airflow/config/airflow_on_celery/login.py";
    for (const has of [
      ({ paths }: Program) => paths.has(secret),
      ({ paths }: Program) => paths.has(file),
      ({ env }: Program) => env.AIRFLOW__FAB__CONFIG_FILE === file,
    ])
      assert.deepEqual(
        programs.filter(has).map(({ name }) => name),
        ["webserver"],
      );
    assert.ok(outboundWorkloads(declared).anywhere.includes("webserver"));
    const minutes = (env: Program["env"]) => env.AIRFLOW__FAB__SESSION_MAX_LIFETIME_MINUTES;
    const webserver = (all: readonly Program[]) => all.find(({ name }) => name === "webserver")?.env ?? {};
    assert.equal(minutes(webserver(programs)), "480");
    const settings = { ...Object(common.settings), fab: { session_max_lifetime_minutes: 60 } };
    const shorter = await declare({
      ...common,
      ...onCluster,
      ...withLogin,
      login,
      settings,
      dagsImage: "r.test/dags",
    });
    assert.equal(minutes(webserver(programsOf(shorter))), "60");
  });
}

test("every role logs JSON if logFormat is json", async () => {
  const roles = programsOf(await declare({ ...common, logFormat: "json" })).filter(startsAirflow);
  const without = roles
    // The exporter has libraries of Airflow's image alone.
    .filter(({ name, env }) => name !== "exporter" && env.AIRFLOW__LOGGING__JSON_LOGS !== "True")
    .map(({ name }) => name);
  assert.deepEqual(without, []);
  const [text] = programsOf(await declare(common)).filter(startsAirflow);
  assert.ok(text && !("AIRFLOW__LOGGING__JSON_LOGS" in text.env));
});
