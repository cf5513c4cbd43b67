import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { keyVariables, passwordVariables } from "../../../components/roles/repository.ts";
import { declare } from "../mocks.ts";
import { type Program, programsOf } from "../programs.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";

const folder = mkdtempSync(join(tmpdir(), "repository-"));
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

const user = "reader";
const passwords = {
  git_password: randomBytes(12).toString("hex"),
  git_password_other: randomBytes(12).toString("hex"),
};
for (const [name, password] of Object.entries(passwords)) writeFileSync(join(folder, name), password);

const clean = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, env: clean, encoding: "utf8" });
git("init", "--quiet", "--initial-branch=main", "work");
git(
  "-C",
  "work",
  "-c",
  "user.name=t",
  "-c",
  "user.email=t@t",
  "commit",
  "--quiet",
  "--allow-empty",
  "-m",
  "one",
);
for (const name of ["dags.git", "other.git"]) git("clone", "--quiet", "--bare", "work", name);
const commit = git("-C", "work", "rev-parse", "HEAD").trim();

/** Serves both repositories through `git http-backend`, each to requests with its own login. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "", "http://localhost");
  const password = passwords[pathname.startsWith("/other") ? "git_password_other" : "git_password"];
  const login = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  if (request.headers.authorization !== login) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="dags"' }).end();
    return;
  }
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...clean,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    for (const line of answer.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(": ");
      response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  });
}

async function started(handle: typeof serve): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/dags.git`;
}

const listed = (url: string, env: Record<string, string>) =>
  promisify(execFile)("git", ["ls-remote", url, "main"], {
    env: { ...clean, GIT_TERMINAL_PROMPT: "0", ...env },
  });

test("git logs in with the password from its file, and sends the password to no other server", async () => {
  const url = await started(serve);
  const access = { bundle: "dags", url, ref: "main", user };
  const { stdout } = await listed(url, passwordVariables([access], folder));
  assert.equal(stdout.split("\t")[0], commit);
  await assert.rejects(listed(url, {}), /could not read Username/);
  await assert.rejects(
    listed(url, passwordVariables([{ ...access, user: "other" }], folder)),
    /Authentication failed/,
  );
  const asked: (string | undefined)[] = [];
  const other = await started((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401, { "www-authenticate": 'Basic realm="dags"' }).end();
  });
  await assert.rejects(listed(other, passwordVariables([access], folder)), /could not read Username/);
  assert.deepEqual([...new Set(asked)], [undefined]);
  assert.ok(!JSON.stringify(passwordVariables([access], folder)).includes(passwords.git_password));
});

test("repositories of one server have a password each, also without the suffix .git", async () => {
  const url = await started(serve);
  const other = url.replace("dags.git", "other.git");
  const all = [
    { bundle: "dags", url, ref: "main", user },
    { bundle: "other", url: other, ref: "main", user },
  ];
  for (const [given, asked] of [
    [all, [url, other]],
    [all.toReversed(), [url, other]],
    [all.map((one) => ({ ...one, url: one.url.replace(/\.git$/, "") })), [url, other]],
  ] as const) {
    for (const one of asked) {
      const { stdout } = await listed(one, passwordVariables(given, folder));
      assert.equal(stdout.split("\t")[0], commit);
    }
  }
});

const ofSsh = (bundle: string, path: string) => ({
  bundle,
  url: `ssh://git@git.test:2222${path}`,
  ref: "main",
});

test("ssh uses the given key and host keys, and never prompts", () => {
  assert.deepEqual(keyVariables([ofSsh("dags", "/dags.git")], "/run/secrets", "/known"), {
    GIT_SSH_COMMAND:
      "ssh -i /run/secrets/git_key -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/known",
  });
});

test("with several repositories git calls ssh with the key of the one that it asks for", async () => {
  const programs = mkdtempSync(join(folder, "programs-"));
  writeFileSync(join(programs, "ssh"), '#!/bin/sh\necho "$@" >&2\nexit 1\n', { mode: 0o755 });
  const repositories = [
    ofSsh("dags", "/dags.git"),
    ofSsh("other", "/b/dags.git"),
    ofSsh("odd", "/it's$(id)%20!`a`.git"),
    ofSsh("home", "/~b/dags.git"),
  ];
  const env = {
    ...keyVariables(repositories, "/run/secrets", "/known"),
    PATH: `${programs}:${process.env.PATH}`,
  };
  for (const [at, key] of ["git_key", "git_key_other", "git_key_odd", "git_key_home"].entries()) {
    const { url = "" } = repositories[at] ?? {};
    await assert.rejects(
      listed(url, env),
      new RegExp(`^-i /run/secrets/${key} .*-p 2222 git@git\\.test git-upload-pack`, "m"),
    );
  }
});

const secret = join(folder, "git_password");
const https = { url: "https://git.test/dags.git", password: { file: secret } };
const key = join(folder, "git_key");
writeFileSync(key, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
const knownHosts = join(folder, "known_hosts");
writeFileSync(knownHosts, `git.test ssh-ed25519 ${randomBytes(51).toString("base64")}\n`);
const ssh = { url: "ssh://git@git.test/dags.git", key: { file: key }, knownHosts };
const systemPackages = ["openssh-client"];

test("each repository is a bundle, after the DAG folder's or that of dagsGit", async () => {
  const bundlesOf = async (config: Config) => {
    const [{ env }] = programsOf(await declare({ workers: 1, ...config })).filter(
      ({ name }) => name === "dag-processor",
    ) as [Program];
    const list = env.AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST;
    return list === undefined ? undefined : JSON.parse(list);
  };
  const git = (name: string, kwargs: Config) => ({
    name,
    classpath: "airflow.providers.git.bundles.git.GitDagBundle",
    kwargs: { tracking_ref: "main", refresh_interval: 30, ...kwargs },
  });
  const dagsGit = { url: https.url };
  const first = git("dags", { repo_url: https.url });
  const dagBundles = [{ name: "b", url: "https://git.test/b.git", ref: "v1", folder: "jobs" }];
  const other = git("b", { repo_url: "https://git.test/b.git", tracking_ref: "v1", subdir: "jobs" });
  const folder = {
    name: "dags-folder",
    classpath: "airflow.dag_processing.bundles.local.LocalDagBundle",
    kwargs: {},
  };
  assert.equal(await bundlesOf({}), undefined);
  assert.deepEqual(await bundlesOf({ dagsGit }), [first]);
  assert.deepEqual(await bundlesOf({ dagBundles }), [folder, other]);
  assert.deepEqual(await bundlesOf({ dagsGit, dagBundles }), [first, other]);
});

test("only the roles that read DAGs get the repository's credentials", async () => {
  const having = async (config: Config, path: string) =>
    programsOf(await declare({ workers: 1, ...config }))
      .filter(({ paths }) => paths.has(path))
      .map(({ name }) => name)
      .sort();
  const readers = ["dag-processor", "worker-1"];
  assert.deepEqual(await having({ dagsGit: https }, "/run/secrets/git_password"), readers);
  assert.deepEqual(await having({ dagsGit: ssh, systemPackages }, "/run/secrets/git_key"), readers);
  assert.deepEqual(await having({ dagsGit: ssh, systemPackages }, "/opt/airflow/git_known_hosts"), readers);
  assert.deepEqual(await having({ dagsGit: { url: https.url } }, "/run/secrets/git_password"), []);
  const dagBundles = [
    { name: "b", ...https },
    { name: "c", ...ssh },
  ];
  const several = { dagsGit: ssh, dagBundles, systemPackages };
  for (const path of [
    "/run/secrets/git_key",
    "/run/secrets/git_password_b",
    "/run/secrets/git_key_c",
    "/opt/airflow/git_known_hosts",
  ])
    assert.deepEqual(await having(several, path), readers, path);
});

test("credentials that do not fit a repository's URL are refused", () => {
  const says = (config: Config, fault: RegExp) => assert.throws(() => settingsFor(config), fault);
  const { key, knownHosts } = ssh;
  says(
    { dagsGit: { url: ssh.url, knownHosts }, systemPackages },
    /dagsGit\.key is not given; an ssh URL needs it: expected/,
  );
  says(
    { dagsGit: { url: ssh.url, key }, systemPackages },
    /dagsGit\.knownHosts is not given; an ssh URL needs it: expected/,
  );
  says(
    { dagsGit: { ...ssh, password: key }, systemPackages },
    /password is .*; the repository is read over ssh/,
  );
  says({ dagsGit: { ...https, key } }, /dagsGit\.key is .*; the repository is read over http/);
  says({ dagsGit: { url: https.url, user } }, /dagsGit\.password is not given; dagsGit\.user needs it/);
  says({ dagsGit: ssh }, /the image built here has no ssh: expected systemPackages: \[openssh-client\]/);
  says({ dagsGit: { url: "ssh://git.test/dags.git" } }, /dagsGit\.url is .*; expected the http or https URL/);
  for (const config of [{ dagsGit: https }, { dagsGit: ssh, systemPackages }])
    assert.doesNotThrow(() => settingsFor(config));
});
