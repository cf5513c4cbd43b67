import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readDeployed } from "../../../../settings/read/read.ts";
import { mayKnow, sshKeyProblem } from "../../../../settings/rules/secrets/sshKey.ts";
import { setProject } from "../../../../settings/schema/files/base.ts";
import { project } from "../../../../tools/lib/process.ts";
import { cluster } from "../../cluster.ts";
import type { Config } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { faults } from "./refusals.ts";

const folder = temporaryFolder("outside");

/** Writes a file, and returns it as the source of a secret. */
function holding(name: string, text: string): { file: string } {
  const file = join(folder, name);
  writeFileSync(file, text);
  return { file };
}

/** Returns a new private key, encrypted if there is a passphrase. */
function keyOf(passphrase: string): string {
  const args = ["genpkey", "-algorithm", "ed25519", ...(passphrase ? ["-aes256", "-pass", "stdin"] : [])];
  return execFileSync("openssl", args, { input: passphrase, encoding: "utf8" });
}

/** Returns the head of an OpenSSH key, which names the cipher. */
function headOf(cipher: string): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(cipher.length);
  const bytes = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    length,
    Buffer.from(cipher),
    Buffer.alloc(40),
  ]);
  const kind = ["OPENSSH", "PRIVATE", "KEY"].join(" ");
  return `-----BEGIN ${kind}-----\n${bytes.toString("base64")}\n-----END ${kind}-----\n`;
}

test("an SSH key is accepted if it has all its lines, and no passphrase", () => {
  for (const key of [keyOf(""), headOf("none")]) {
    assert.equal(sshKeyProblem(key), undefined);
    assert.equal(sshKeyProblem(key.replaceAll("\n", "\r\n")), undefined);
    assert.match(sshKeyProblem(key.trim().split("\n").slice(0, -1).join("\n")) ?? "", /all its lines/);
    assert.match(sshKeyProblem(key.replaceAll("\n", " ").replaceAll("-", "")) ?? "", /all its lines/);
  }
  for (const key of [keyOf("of this test"), headOf("aes256-ctr")])
    assert.match(sshKeyProblem(key) ?? "", /has a passphrase/);
});

test("host keys belong to a server by its name, its port, a pattern or a hash", () => {
  const key = `ssh-ed25519 ${"A".repeat(40)}`;
  const url = "ssh://git@git.test/dags.git";
  const known = [
    `git.test ${key}`,
    `10.0.0.1,git.test ${key} note`,
    `# x\n\n|1|a=|b= ${key}`,
    `*.test ${key}`,
  ];
  for (const hosts of [...known, `@cert-authority git.test ${key}`]) assert.ok(mayKnow(hosts, url), hosts);
  for (const hosts of [
    "",
    `#git.test ${key}`,
    `other.test ${key}`,
    `[git.test]:2222 ${key}`,
    "git.test ssh-ed25519",
  ])
    assert.ok(!mayKnow(hosts, url), hosts);
  assert.ok(mayKnow(`[git.test]:2222 ${key}`, "ssh://git@git.test:2222/dags.git"));
  assert.ok(!mayKnow(`[git.test]:22 ${key}`, "ssh://git@git.test:2222/dags.git"));
  assert.ok(mayKnow(`git.test ${key}`, "ssh://git@git.test:2222/dags.git"));
  assert.ok(mayKnow(`Git.test ${key}`, "ssh://git@giT.test/dags.git"));
  assert.ok(mayKnow(`git.test ${key}`, "ssh://git@git.test:22/dags.git"));
});

test("backups may be in a directory of their own, and are refused in the project", () => {
  assert.deepEqual(faults({ backup: { to: "/srv/backups" } }), []);
  // A disk's lost+found, which only root may read, is no obstacle, since nothing below the directory is read.
  mkdirSync(join(folder, "backups/.state"), { recursive: true });
  assert.deepEqual(faults({ backup: { to: join(folder, "backups") } }), []);
  for (const to of [`${project}/backups`, `${project}/.state/backups`, project])
    assert.match(faults({ backup: { to } }).join(), /^backup\.to is .*; it is in the project itself: /);
});

test("a file whose name resembles airflow.yaml is refused, and a deletion without any declaration", (t) => {
  const place = join(folder, "project");
  for (const name of ["dags", "airflow.yaml"]) mkdirSync(join(place, name), { recursive: true });
  for (const name of ["airflow.yml", "Airflow.yaml"]) writeFileSync(join(place, name), "pools: {}\n");
  setProject(place);
  t.after(() => setProject(project));
  const all = { deleteUndeclared: true };
  const unread = (name: string) =>
    `declarations is ${name}; nothing reads it: expected the name airflow.yaml, or declarations: ${name}; or a name unlike these if it declares nothing`;
  assert.deepEqual(faults(all), [
    unread("Airflow.yaml"),
    "declarations is airflow.yaml; it is a directory, and nothing reads it: expected a file, or another name",
    unread("airflow.yml"),
  ]);
  assert.deepEqual(faults({ declarations: "airflow.yml" }), []);
  for (const name of ["airflow.yaml", "airflow.yml", "Airflow.yaml"])
    rmSync(join(place, name), { recursive: true });
  const deleted =
    "deleteUndeclared is true; nothing is declared, and all that once was would be deleted: expected airflow.yaml, or pools: {} if nothing is to be left";
  assert.deepEqual(faults(all), [deleted]);
  assert.deepEqual(faults({ ...all, pools: {} }), []);
  writeFileSync(join(place, "Pulumi.a.yaml"), "config:\n  airflow:deleteUndeclared: true\n");
  assert.equal(readDeployed(join(place, "Pulumi.a.yaml")).deleteUndeclared, true);
});

const email = { to: "a@b.test", from: "Air.Flow+prod@mail-1.b.test", server: "10.0.0.7:25" };

/** Unusual configurations that are valid. */
const right: readonly (readonly [name: string, config: Config])[] = [
  [
    "a login in the URL of a webhook",
    { monitoring: { alerts: { webhook: holding("a", "https://u:p@a.test:8443/x?key=1\n") } } },
  ],
  [
    "connections without a pool, through a pooler of the user's",
    {
      postgres: { url: "postgresql://airflow:a-long-word@pooler.example.com:6432/airflow" },
      settings: { database: { sql_alchemy_pool_enabled: false } },
    },
  ],
  ["a mail server at an address", { monitoring: { alerts: { email } } }],
  [
    "a mail server with a login",
    { monitoring: { alerts: { email: { ...email, user: "u", password: holding("b", "x".repeat(20)) } } } },
  ],
  [
    "metrics of hosts whose names begin as those of the loopback interface",
    { monitoring: { scrape: ["http://localhost.a.test/metrics", "http://127.a.test:9100/metrics"] } },
  ],
  ["metrics at the root", { monitoring: { scrape: ["https://metrics", "http://10.0.0.5:65535/"] } }],
  [
    "headers of a receiver",
    {
      tracing: {
        endpoint: "https://[2001:db8::1]:4318/otlp",
        headers: holding("c", "authorization=Bearer%20x, x-team=data team,\n"),
      },
    },
  ],
  ["a receiver with an underscore in its name", { tracing: { endpoint: "http://otel_collector:4318" } }],
  ["a repository with an underscore", { dagsGit: { url: "https://git_1.a.test/dags.git" } }],
  [
    "a repository behind a proxy",
    {
      ...cluster,
      dagsGit: { url: "https://10.0.0.9/dags.git" },
      kubernetes: { egress: { to: ["10.0.0.3/32"] } },
      proxy: { https: "http://10.0.0.3:3128" },
    },
  ],
  ["a repository on the internet", { ...cluster, dagsGit: { url: "https://203.0.113.9/dags.git" } }],
  [
    "a repository in a network that roles may reach",
    {
      ...cluster,
      dagsGit: { url: "http://10.1.2.3:3000/dags.git" },
      kubernetes: { egress: { to: ["10.1.0.0/16"] } },
    },
  ],
  ["a receiver beside a pod's role", { ...cluster, tracing: { endpoint: "http://localhost:4318" } }],
  [
    "a proxy beside a pod's role",
    { ...cluster, kubernetes: { egress: { to: ["0.0.0.0/0"] } }, proxy: { http: "http://127.0.0.1:3128" } },
  ],
  [
    "a host whose name begins like that of the container",
    { proxy: { http: "http://localhost.corp.test:3128", https: "http://127.corp.test:3128" } },
  ],
  [
    "hosts to reach directly",
    { proxy: { http: "http://p:3128", no: ["*", ".a.test", "10.0.0.0/8", "a.test:8443", "::1"] } },
  ],
  [
    "a folder with dots",
    { dagsGit: { url: "http://git.test:3000/team/a~b.git", folder: ".airflow/..dags/v1.." } },
  ],
  ["the widest range of proxies", { trustedProxies: ["10.0.0.0/8", "223.255.255.255"] }],
  [
    "one machine at an address of its own",
    { machines: [{ name: "a", docker: "unix:///run/docker.sock", address: "127.0.0.1" }] },
  ],
  [
    "an engine by a name of ssh's configuration",
    { machines: [{ name: "a", docker: "ssh://ops.team@my_host:65535", address: "10.0.0.1" }] },
  ],
  [
    "Secrets with all that their names may have",
    { ...cluster, secrets: { fernetKey: { secret: "a.b-1", key: "A_b-c.d" } } },
  ],
  [
    "pods that Pod Security admits",
    {
      ...cluster,
      roles: {
        all: {
          volumes: { "/models": "models" },
          pod: { volumes: [{ name: "a" }], volumeMounts: [{ name: "a", mountPath: "/a" }] },
        },
        flower: { pod: { volumes: [{ name: "a", emptyDir: {} }] } },
        scheduler: { pod: { volumes: [{ name: "b", emptyDir: {} }], volumeMounts: [] } },
        worker: {
          pod: {
            annotations: { "container.apparmor.security.beta.kubernetes.io/worker": "localhost/own" },
            initContainers: [
              {
                name: "fetch",
                image: "r.test/f:1",
                ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }],
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
                  runAsNonRoot: true,
                  runAsUser: 1,
                  seccompProfile: { type: "Localhost", localhostProfile: "a.json" },
                  seLinuxOptions: { type: "container_t", level: "s0" },
                  windowsOptions: { hostProcess: false },
                },
                volumeMounts: ["a", "models", "opt-airflow-data", "runtime", "file-opt-x"].map((name) => ({
                  name,
                  mountPath: `/mnt/${name}`,
                })),
              },
            ],
          },
        },
      },
    },
  ],
  [
    "pods with hostPath in a namespace of the user's",
    {
      ...cluster,
      kubernetes: { createNamespace: false },
      roles: {
        worker: {
          pod: {
            initContainers: [
              {
                name: "fetch",
                image: "r.test/f:1",
                fieldOfTomorrow: 1,
                ports: [{ containerPort: 80, hostPort: 80 }],
                securityContext: { runAsUser: 0 },
                volumeMounts: [{ name: "node", mountPath: "/srv" }],
              },
            ],
            volumes: [
              { name: "node", hostPath: { path: "/srv" } },
              { name: "share", nfs: { server: "a.test", path: "/" } },
            ],
            volumeMounts: [
              { name: "node", mountPath: "/srv" },
              { name: "node", mountPath: "/mnt/..data" },
            ],
          },
        },
      },
    },
  ],
];

for (const [name, config] of right) {
  test(`the configuration is accepted: ${name}`, () => {
    assert.deepEqual(faults(config), []);
  });
}
