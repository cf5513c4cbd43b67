import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { roles } from "../../../roles.ts";
import { spell } from "../../../settings/schema/path.ts";
import { secretNames } from "../../../settings/schema/schema.ts";
import { secretPaths, stackShape } from "../../../settings/schema/shape.ts";
import { stackFile } from "../../../tools/lib/stack.ts";
import { type Manifest, type Rendered, render } from "../../../tools/render.ts";
import { stacks } from "../../scan/scan.ts";
import { authorityOf, ecKey, pemOf } from "../certificates.ts";
import { cluster } from "../cluster.ts";
import type { Config } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("render");
const signer = ecKey();
const certificate = join(folder, "certificate.pem");
writeFileSync(certificate, await authorityOf(signer));
const knownHosts = join(folder, "hosts");
writeFileSync(knownHosts, `git.test ssh-ed25519 ${"A".repeat(68)}\n`);

/** Staging, with a group whose KEDA scaler gets a login. */
function autoscaled(): string {
  const { config } = parse(readFileSync(stackFile("staging"), "utf8"));
  const groups = [{ name: "gpu", queues: ["gpu"], autoscale: { min: 0, max: 2 } }];
  const file = join(folder, "autoscaled.yaml");
  writeFileSync(file, stringify({ config: { ...config, "airflow:workerGroups": groups } }));
  return file;
}

interface PodSpec {
  readonly containers: readonly unknown[];
  readonly volumes: readonly {
    readonly secret?: { readonly secretName: string };
    readonly configMap?: { readonly name: string };
  }[];
}

/** Lists the secret files that a pod names in its container or its ConfigMaps, by Secret. */
function inPod({ containers, volumes }: PodSpec, manifests: readonly Manifest[]): [string, string[]][] {
  const files = volumes.map(({ configMap }) =>
    manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap?.name),
  );
  const paths = JSON.stringify([containers, files]).matchAll(/\/run\/secrets\/([\w.]*\w)/g);
  const keys = [...new Set([...paths].map(([, key = ""]) => key))];
  return volumes.flatMap(({ secret }) => (secret ? [[secret.secretName, keys]] : []));
}

interface Spec {
  readonly template?: { readonly spec: PodSpec };
  readonly tls?: readonly { readonly secretName: string }[];
  readonly secretTargetRef?: readonly { readonly name: string; readonly key: string }[];
}

/** Lists the keys that objects need, by Secret. */
function wanted(manifests: readonly Manifest[]): Record<string, string[]> {
  const found = manifests.flatMap((manifest): [string, string[]][] => {
    const { template, tls = [], secretTargetRef = [] } = (manifest.spec ?? {}) as Spec;
    const pulled = (manifest.imagePullSecrets ?? []) as { name: string }[];
    return [
      ...(template ? inPod(template.spec, manifests) : []),
      ...tls.map(({ secretName }): [string, string[]] => [secretName, ["tls.crt", "tls.key"]]),
      ...secretTargetRef.map(({ name }): [string, string[]] => [name, secretTargetRef.map(({ key }) => key)]),
      ...pulled.map(({ name }): [string, string[]] => [name, [".dockerconfigjson"]]),
    ];
  });
  return Object.fromEntries(found.map(([name, keys]) => [name, keys.sort()]));
}

/** Lists the placeholders of minted secrets, as rendered. */
function minted({ secrets }: Rendered): Set<string> {
  return new Set(JSON.stringify(secrets).match(/\{[a-z]+([A-Z][a-z]+)+\}/g));
}

const files = new Map([...stacks().map((name) => [name, stackFile(name)] as const), ["gpu", autoscaled()]]);

for (const [name, file] of files) {
  test(`${name}: manifests contain no form of a secret, and need exactly the secrets that are listed`, async () => {
    const rendered = await render(name, file);
    const { manifests, secrets } = rendered;
    const values = minted(rendered);
    assert.equal(values.size, 8);
    for (const value of values) {
      const forms = ["hex", "base64", "base64url"] as const;
      const hashes = forms.map((form) => createHash("sha256").update(value).digest(form));
      for (const text of [value, Buffer.from(value).toString("base64"), ...hashes]) {
        const holders = manifests.filter((manifest) => JSON.stringify(manifest).includes(text));
        assert.deepEqual(holders, [], value);
      }
    }
    const listed = Object.entries(secrets).map(([secret, texts]) => [secret, Object.keys(texts).sort()]);
    assert.deepEqual(wanted(manifests), Object.fromEntries(listed));
  });
}

test("the broker's password is the same placeholder for clients and in the users of Redis", async () => {
  const { secrets } = await render("prod", stackFile("prod"));
  assert.equal(secrets.scheduler?.broker_url, "redis://airflow:{brokerPassword}@redis:6379/0");
  assert.match(secrets.redis?.["users.acl"] ?? "", /^user airflow on >\{brokerPassword\} ~\* &\* \+@all /m);
});

/** Gives the secret at a path of the schema, with names of entries as NAME. */
type Give = (path: string, text?: (word: string) => string) => unknown;

/** Returns stacks that have, between them, a secret at each path at which one in a cluster may have it. */
function everySecret(give: Give): Config[] {
  const secretFiles = (role: string) => ({ secretFiles: { NAME: give(`roles.${role}.secretFiles.NAME`) } });
  const shared = {
    ...cluster,
    images: { ...cluster.images, backup: "r/backup:1", monitoring: "r/monitoring:1" },
  };
  const token = () => pemOf(generateKeyPairSync("ed25519").privateKey);
  const database = (word: string) => `postgresql://airflow:${word}@db.test/airflow`;
  const stack = {
    ...shared,
    dagsGit: { url: "https://git.test/a.git", password: give("dagsGit.password") },
    dagBundles: [{ name: "b", url: "https://git.test/b.git", password: give("dagBundles[0].password") }],
    login: {
      oidc: {
        issuer: "https://login.test",
        clientId: "airflow",
        clientSecret: give("login.oidc.clientSecret"),
      },
      roles: { team: "User" },
    },
    monitoring: {
      alerts: {
        webhook: give("monitoring.alerts.webhook", (word) => `https://hooks.test/${word}`),
        slack: give("monitoring.alerts.slack", (word) => `https://slack.test/${word}`),
        watchdog: give("monitoring.alerts.watchdog", (word) => `https://watchdog.test/${word}`),
        email: {
          to: "a@mail.test",
          from: "b@mail.test",
          server: "mail.test:587",
          user: "airflow",
          password: give("monitoring.alerts.email.password"),
        },
      },
    },
    backup: {
      to: "s3://bucket",
      accessKey: give("backup.accessKey"),
      secretKey: give("backup.secretKey"),
    },
    tracing: {
      endpoint: "https://spans.test",
      headers: give("tracing.headers", (word) => `authorization=${word}`),
    },
    secrets: Object.fromEntries(
      secretNames.map((name) => {
        const forms: Record<string, () => string> = {
          fernetKey: () => `${randomBytes(32).toString("base64url")}=`,
          jwtSecret: token,
        };
        return [name, give(`secrets.${name}`, forms[name])];
      }),
    ),
    connections: {
      NAME: {
        type: "http",
        password: give("connections.NAME.password"),
        extra: give("connections.NAME.extra", (word) => JSON.stringify({ word })),
      },
    },
    variables: { NAME: give("variables.NAME") },
    users: { NAME: { password: give("users.NAME.password") } },
    roles: Object.fromEntries(["all", ...roles].map((role) => [role, secretFiles(role)])),
  };
  const other = {
    ...shared,
    dagsGit: { url: "ssh://git@git.test/a.git", key: give("dagsGit.key", token), knownHosts },
    dagBundles: [
      { name: "b", url: "ssh://git@git.test/b.git", key: give("dagBundles[0].key", token), knownHosts },
    ],
    login: {
      ldap: {
        url: "ldaps://ldap.test",
        bind: "cn=a",
        search: "ou=b",
        password: give("login.ldap.password"),
      },
      roles: { "cn=team": "User" },
    },
    postgres: { url: give("postgres.url", database), resultsUrl: give("postgres.resultsUrl", database) },
    redis: {
      url: give("redis.url", (word) => `rediss://airflow:${word}@redis.test/0`),
      certificate,
      key: give("redis.key", () => pemOf(signer)),
    },
    connections: { NAME: { uri: give("connections.NAME.uri", (word) => `http://airflow:${word}@api.test`) } },
  };
  return [stack, other];
}

/** Encrypted value of a stack file. */
const secure = { secure: "v1:AAAA:AAAA" };

/** Sources of a secret's text. */
const sources: Readonly<Record<string, (text: string) => unknown>> = {
  "in files": (text) => {
    const file = join(folder, createHash("sha256").update(text).digest("hex"));
    writeFileSync(file, text);
    return { file };
  },
  "in the cluster": () => ({ secret: "given", key: "text" }),
  encrypted: () => secure,
};

for (const [where, source] of Object.entries(sources)) {
  test(`secrets ${where} are placeholders, at every path of the schema`, async () => {
    const texts = new Map<string, string>();
    const given = everySecret((path, text = (word) => word) => {
      const content = text(randomBytes(24).toString("hex"));
      texts.set(path, content);
      return source(content);
    });
    // Other sources than ciphertext are refused there.
    const settings = { sentry: { sentry_dsn: secure } };
    const files = given.map((stack, at) => {
      const config = Object.entries({ ...stack, settings }).map(([key, value]) => [`airflow:${key}`, value]);
      const file = join(folder, `secrets-${at}.yaml`);
      writeFileSync(file, stringify({ config: Object.fromEntries(config) }));
      return file;
    });
    const rendered: Rendered[] = [];
    for (const file of files) rendered.push(await render("secrets", file));
    const printed = JSON.stringify(rendered);
    assert.ok(!printed.includes("\\u0000"));
    const shown = [...texts].filter(([, text]) => {
      const words = text.match(/[\w+/]+/g) ?? [];
      const [secret = ""] = words.sort((one, another) => another.length - one.length);
      return printed.includes(secret);
    });
    assert.deepEqual(shown, []);
    // A cluster has no `publish`; the stack's own secrets and parts of URLs have placeholders of their own.
    const named = [...texts.keys(), "settings.NAME.NAME", "publish.key"];
    assert.deepEqual(named.sort(), secretPaths(stackShape()).map(spell).sort());
    const own = /^(secrets\.|postgres\.|redis\.url)/;
    const absent = [...texts.keys(), "settings.sentry.sentry_dsn"].filter(
      (path) => !own.test(path) && !printed.includes(`{${path}}`),
    );
    assert.deepEqual(absent, []);
  });
}
