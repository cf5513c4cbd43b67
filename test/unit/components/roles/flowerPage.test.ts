import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { machineCertificate } from "../../../../platforms/docker/certificate.ts";
import { localFlowerUrl } from "../../../../settings/model/published.ts";
import { run } from "../../../../tools/lib/process.ts";
import { ecKey, pemOf } from "../../certificates.ts";
import { clusterWithImage } from "../../cluster.ts";
import { containersOf, type Declared, declare } from "../../mocks.ts";
import { settingsFor } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("flower-page");

function written(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const ldap = {
  url: "ldap://ldap.test",
  bind: "cn=airflow,dc=test",
  password: { file: written("password", "word") },
  search: "dc=test",
};
const login = { ldap, roles: { "cn=admins,dc=test": "Admin" } };
const ingress = { class: "nginx", namespace: "ingress", webserver: "tools.test/team/airflow" };
const onCluster = { ...clusterWithImage, kubernetes: { ingress } };

function filesOf(declared: readonly Declared[], name: string): Record<string, string> {
  const uploads = containersOf(declared).get(name)?.uploads as { file: string; content: string }[];
  return Object.fromEntries(uploads.map(({ file, content }) => [file, content]));
}

/** Variables of a pod's or a container's program, and its labels. */
function given(declared: readonly Declared[], type: string, name: string): string {
  return JSON.stringify(declared.find((one) => one.type.endsWith(type) && one.name === name)?.inputs);
}

test("Flower below the webserver is open to administrators alone, and neither side gets what belongs to the other", async () => {
  await run("python3", ["test/unit/components/roles/gate.py"]);
});

test("behind a login at a provider, the webserver serves Flower with Flower's own login", async () => {
  const declared = await declare({ login });
  const files = filesOf(declared, "webserver");
  const folder = "/opt/airflow/config/airflow_on_celery";
  assert.deepEqual(JSON.parse(files[`${folder}/flower_page.json`] ?? ""), {
    host: "flower",
    port: 5555,
    path: "/flower",
  });
  assert.equal(files["/run/secrets/flower_basic_auth"], "admin:minted-adminPassword");
  assert.equal(
    files["/run/secrets/flower_basic_auth"],
    filesOf(declared, "flower")["/run/secrets/flower_basic_auth"],
  );
  // The gate asks the admission for a place, and so is around it.
  const settings = files["/opt/airflow/config/airflow_local_settings.py"] ?? "";
  const imported = settings.match(/(?<=^import airflow_on_celery\.)\w+/gm) ?? [];
  assert.deepEqual(imported, ["heartbeat", "webserver", "routes", "single_task", "absence", "flower_page"]);
  for (const name of [...imported, "gate"])
    assert.ok(settings.includes(`"airflow_on_celery.${name}": "`), name);
  const flower = given(declared, ":Container", "flower");
  assert.match(flower, /FLOWER_URL_PREFIX=\/flower"/);
  assert.match(flower, /127\.0\.0\.1:5555\/flower\/healthcheck/);
  assert.equal(localFlowerUrl(settingsFor({ login })), "http://127.0.0.1:8080/flower/");
});

test("without a login at a provider, the webserver knows nothing of Flower", async () => {
  const declared = await declare();
  assert.deepEqual(
    Object.keys(filesOf(declared, "webserver")).filter((file) => /flower|gate\.py/.test(file)),
    [],
  );
  assert.doesNotMatch(given(declared, ":Container", "flower"), /URL_PREFIX/);
  assert.equal(localFlowerUrl(settingsFor({ flowerPort: 5556 })), "http://127.0.0.1:5556");
});

test("in a cluster the webserver may reach Flower, which is below the webserver's path", async () => {
  const declared = await declare({ ...onCluster, login });
  assert.match(given(declared, ":Deployment", "webserver"), /"reaches\/flower":"true"/);
  assert.match(given(declared, ":NetworkPolicy", "flower"), /"reaches\/flower":"true"/);
  assert.match(given(declared, ":Deployment", "flower"), /"value":"\/team\/airflow\/flower"/);
  assert.match(given(declared, ":ConfigMap", "webserver"), /\\"path\\":\\"\/team\/airflow\/flower\\"/);
  assert.doesNotMatch(given(declared, ":Deployment", "webserver"), /minted-adminPassword/);
  assert.equal(
    localFlowerUrl(settingsFor({ ...onCluster, login })),
    "http://127.0.0.1:8080/team/airflow/flower/",
  );
  const without = await declare(onCluster);
  assert.doesNotMatch(given(without, ":Deployment", "webserver"), /reaches\/flower/);
});

test("a published stack opens no port for Flower's own password, if people log in at a provider", async () => {
  const key = ecKey();
  const publish = {
    address: "10.0.0.1",
    certificate: written("tls.pem", await machineCertificate("airflow.test", createPublicKey(key), key, 1)),
    key: { file: written("tls.key", pemOf(key)) },
  };
  const { ports } = containersOf(await declare({ publish, login })).get("entrance") ?? {};
  assert.deepEqual(ports, [{ internal: 8444, external: 443, ip: "10.0.0.1" }]);
});
