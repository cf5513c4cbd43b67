import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../tools/lib/process.ts";
import { bom, packagesIn } from "../../../tools/lib/sbom/bom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("sbom");

const os = "os\tdebian\t12\n";
const openssl = "installed\tlibssl3\t3.0.17-1~deb12u2\tamd64\topenssl\n";
const redis = "installed\tredis-server\t5:7.0.15-1~deb12u5+b1\tamd64\tredis\n";
const removed = "config-files\tperl-modules\t5.36\tall\tperl\n";
const bash = "installed\tbash\t5.2.15-2+b8\tamd64\tbash\n";
const airflow = "pypi\tapache_Airflow\t3.3.2\npypi\tours\t1.0+local.1\n";

test("every installed package has a name, a version and a package URL", () => {
  assert.deepEqual(
    packagesIn(os + openssl + redis + removed + bash + airflow).map(({ name, version, purl }) => [
      name,
      version,
      purl,
    ]),
    [
      [
        "libssl3",
        "3.0.17-1~deb12u2",
        "pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl",
      ],
      [
        "redis-server",
        "5:7.0.15-1~deb12u5+b1",
        "pkg:deb/debian/redis-server@5:7.0.15-1~deb12u5%2Bb1?arch=amd64&distro=debian-12&upstream=redis",
      ],
      ["bash", "5.2.15-2+b8", "pkg:deb/debian/bash@5.2.15-2%2Bb8?arch=amd64&distro=debian-12"],
      ["apache_Airflow", "3.3.2", "pkg:pypi/apache-airflow@3.3.2"],
      ["ours", "1.0+local.1", "pkg:pypi/ours@1.0%2Blocal.1"],
    ],
  );
});

test("an SBOM has each package once, and names the packages of each image", () => {
  const images = [
    { image: "airflow-on-celery/airflow:3.3.2-0a1b", id: "sha256:1", text: os + openssl + airflow },
    { image: `r.test:5000/redis@sha256:${"0".repeat(64)}`, id: "sha256:2", text: os + openssl + redis },
  ];
  const document = bom(images, { version: "0.1.0", serial: "b5f0", at: "2026-01-01T00:00:00Z" });
  const { bomFormat, specVersion, serialNumber, metadata } = document;
  assert.deepEqual([bomFormat, specVersion, serialNumber], ["CycloneDX", "1.6", "urn:uuid:b5f0"]);
  assert.deepEqual(metadata.component, {
    type: "application",
    "bom-ref": "airflow-on-celery",
    name: "airflow-on-celery",
    version: "0.1.0",
  });
  assert.deepEqual(document.components.slice(0, 2), [
    {
      type: "container",
      "bom-ref": "airflow-on-celery/airflow:3.3.2-0a1b",
      name: "airflow-on-celery/airflow",
      version: "3.3.2-0a1b",
      properties: [{ name: "airflow-on-celery:image-id", value: "sha256:1" }],
    },
    {
      type: "container",
      "bom-ref": images[1]?.image,
      name: "r.test:5000/redis",
      version: `sha256:${"0".repeat(64)}`,
      properties: [{ name: "airflow-on-celery:image-id", value: "sha256:2" }],
    },
  ]);
  const refs = document.components.map((one) => one["bom-ref"]);
  assert.equal(refs.length, 2 + 4);
  assert.equal(new Set(refs).size, refs.length);
  const [all, ...each] = document.dependencies;
  assert.deepEqual(all, { ref: "airflow-on-celery", dependsOn: images.map(({ image }) => image) });
  assert.deepEqual(
    each.map(({ dependsOn }) => dependsOn.length),
    [3, 2],
  );
  for (const { dependsOn } of document.dependencies)
    for (const ref of dependsOn) assert.ok(refs.includes(ref), ref);
});

test("an image lists Debian's packages, and Python's besides those", {
  skip: !existsSync("/etc/os-release"),
}, () => {
  const site = join(folder, "site/ours-1.2.dist-info");
  execFileSync("mkdir", ["-p", site]);
  writeFileSync(join(site, "METADATA"), "Metadata-Version: 2.1\nName: ours\nVersion: 1.2\n");
  // Shows the format that it is asked for, as dpkg-query renders it.
  const dpkg = '#!/bin/sh\nprintf "$(printf %s "$3" | sed "s/[$]{[^}]*}/x/g")"\n';
  writeFileSync(join(folder, "dpkg-query"), dpkg, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, PYTHONPATH: join(folder, "site") };
  const list = join(project, "tools/lib/sbom/list.sh");
  const lines = execFileSync("sh", [list], { env, encoding: "utf8" }).split("\n");
  assert.match(lines[0] ?? "", /^os\t[a-z]+\t[\d.]*$/);
  assert.equal(lines[1], "x\tx\tx\tx\tx");
  assert.ok(lines.includes("pypi\tours\t1.2"));
});
