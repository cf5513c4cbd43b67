import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { localImage } from "../../../images/local.ts";
import { readImageSettings } from "../../../settings/read/read.ts";
import { builtFor } from "../../../tools/images.ts";
import { clusterWithImage } from "../cluster.ts";
import { containersOf, declare } from "../mocks.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";

// An error prints the path, unless a part of it looks like a password.
const folder = join(tmpdir(), `airflow-packages-${process.pid}`);
mkdirSync(folder);
const requirements = join(folder, "requirements.txt");
after(() => rmSync(folder, { recursive: true }));

function imageOf(config: Config, content = "cowsay==6.1\n"): string {
  writeFileSync(requirements, content);
  return settingsFor({ requirements, ...config }).images.airflow;
}

test("the name of the image with packages depends on its contents", () => {
  const image = imageOf({});
  assert.match(image, /^airflow-on-celery\/packages:[0-9a-f]{12}$/);
  assert.equal(imageOf({}), image);
  assert.equal(imageOf({ systemPackages: ["jq", "zip"] }), imageOf({ systemPackages: ["zip", "jq"] }));
  const others = [
    imageOf({}, "cowsay==6.0\n"),
    imageOf({ systemPackages: ["jq"] }),
    imageOf({ images: { airflow: "example.com/airflow:3.3.2" } }),
    imageOf({ version: "2.11.2" }),
  ];
  assert.equal(new Set([image, ...others]).size, 5);
});

test("Airflow's roles run the image with packages, and its base image is built first", async () => {
  const image = imageOf({});
  const containers = containersOf(await declare({ requirements }));
  const running = [...containers].filter(([, inputs]) => inputs.image === image).map(([name]) => name);
  const others = [...containers.keys()].filter((name) => !running.includes(name));
  assert.deepEqual(others.sort(), ["postgres", "redis"]);
  assert.deepEqual(builtFor(settingsFor({ requirements })), ["airflow", "postgres", "redis"]);
  assert.equal(settingsFor({ requirements }).packages?.base, localImage("airflow"));
  const own = { images: { airflow: "example.com/airflow:3.3.2" } };
  assert.deepEqual(builtFor(settingsFor({ requirements, ...own })), ["postgres", "redis"]);
});

test("a cluster runs the image that the stack names, if the image has the stack's packages", () => {
  const tag = imageOf({}).replace(/^.*\//, "");
  const withImage = (airflow: string) => ({
    ...clusterWithImage,
    images: { ...clusterWithImage.images, airflow },
    requirements,
  });
  const pushed = `r.example.com/${tag}@sha256:${"a".repeat(64)}`;
  assert.equal(settingsFor(withImage(pushed)).images.airflow, pushed);
  assert.throws(
    () => settingsFor(withImage("r.example.com/airflow:3.3.2")),
    new RegExp(
      `requirements is .*requirements\\.txt; images\\.airflow, r\\.example\\.com/airflow:3\\.3\\.2, was built with other packages: expected an image REPOSITORY/${tag}, which npm run images -- --push`,
    ),
  );
});

test("the image to build for a cluster is known before the stack names it, and while the stack names an old one", () => {
  const image = imageOf({ systemPackages: ["jq"] });
  const file = join(folder, "stack.yaml");
  const stated = `  airflow:requirements: ${requirements}\n  airflow:systemPackages: [jq]\n`;
  for (const named of ["", "  airflow:images: { airflow: r.example.com/airflow:3.3.2 }\n"]) {
    writeFileSync(file, `config:\n  airflow:platform: kubernetes\n${stated}${named}`);
    assert.equal(readImageSettings(file).images.airflow, image);
  }
  writeFileSync(file, "config:\n  airflow:systemPackages: [A]\n");
  assert.throws(() => readImageSettings(file), /stack\.yaml:2: systemPackages\[0\] is A; expected the name/);
});

test("requirements that refer to other files or indexes are refused", () => {
  const rows = [
    ["-r other.txt", "-r"],
    ["-e .", "-e"],
    ["--extra-index-url https://ann:word@index.example.com/simple", "--extra-index-url"],
    ["./wheels/a.whl", "./wheels/a.whl"],
    ["a @ file:///tmp/a.whl", "a @ file:///tmp/a.whl"],
  ];
  for (const [line, requirement] of rows) {
    assert.throws(
      () => imageOf({}, `cowsay==6.1\n${line}\n`),
      ({ message }: Error) => message.includes(`line 2 says ${requirement}: expected packages by name`),
    );
  }
});

test("requirements that name packages are accepted", () => {
  const text = [
    "\ufeffcowsay",
    "pandas[excel,parquet] >= 2.2, < 3  # comment",
    "polars==1.0 ; python_version < '3.9'",
    "polars==1.1 ; python_version >= '3.9'",
    "celery~=5.5 \\",
    "    --hash=sha256:00",
    "dags @ https://example.com/dags-1.0-py3-none-any.whl",
    "tools @ git+https://example.com/tools.git@main",
    "apache-airflow[google]==3.3.2",
    "apache-airflow>=3,<4",
    "apache-airflow-providers-http==5.0.0",
    "ruff",
    "ruff==0.14",
    "--only-binary :all:",
  ];
  assert.match(imageOf({}, `${text.join("\r\n")}\r\n`), /^airflow-on-celery\/packages:[0-9a-f]{12}$/);
});

test("both variants of the Postgres image make databases that the other variant can open", () => {
  for (const file of ["docker-entrypoint.sh", "official.Dockerfile"]) {
    const text = readFileSync(new URL(`../../../images/postgres/${file}`, import.meta.url), "utf8");
    assert.match(text, /--locale=C\.UTF-8 --data-checksums/, file);
  }
});
