import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { parse, stringify } from "yaml";
import { compile } from "../../../tools/lib/compile.ts";
import { project, run } from "../../../tools/lib/process.ts";
import { controlRoles } from "../../roleNames.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("package");
const installed = join(folder, "node_modules/airflow-on-celery");
const provider = join(installed, "dist/package/provider");
const page = readFileSync(join(project, "docs/deploy.md"), "utf8");
const password = randomBytes(9).toString("hex");

/** Returns the page's example in a language. */
function example(language: string): string {
  const [, section = ""] = page.split("## From another Pulumi program");
  const [, text] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(section) ?? [];
  assert.ok(text, language);
  return text;
}

// A folder as npm install leaves it: the files of the package are not links, so Node.js strips no types of theirs.
before(async () => {
  mkdirSync(installed, { recursive: true });
  const packages = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith(".package"));
  for (const name of packages)
    symlinkSync(join(project, "node_modules", name), join(folder, "node_modules", name));
  cpSync(join(project, "package.json"), join(installed, "package.json"));
  cpSync(join(project, "dags"), join(folder, "dags"), { recursive: true });
  await compile(join(installed, "dist"));
});

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly newState?: { readonly parent?: string; readonly dependencies?: readonly string[] };
}

/** Steps that the CLI plans for a program in the folder, without an engine. */
async function plan(program: string): Promise<readonly Step[]> {
  const { plugins } = parse(example("yaml"));
  const runtime = { name: "nodejs", options: { typescript: false } };
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    stringify({ name: "analytics", runtime, main: "index.ts", plugins }),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "analytics", type: "module" }));
  writeFileSync(join(folder, "index.ts"), program);
  const env = {
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "of this test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    DOCKER_HOST: "tcp://127.0.0.1:1",
  };
  const pulumi = (...args: string[]) => run("pulumi", args, { cwd: folder, env });
  await pulumi("stack", "select", "--create", "dev");
  await pulumi("config", "set", "--secret", "adminPassword", password);
  const preview = await pulumi("preview", "--json");
  assert.ok(!preview.includes(password), "the password is shown");
  return JSON.parse(preview).steps;
}

/** Lists the planned resources of a type. */
function named(steps: readonly Step[], type: string): string[] {
  return steps.flatMap(({ urn }) => (urn.includes(`${type}::`) ? [urn.split("::").at(-1) ?? ""] : [])).sort();
}

/** Asserts that a whole stack with four workers is planned below the component. */
function assertPlanned(steps: readonly Step[]): void {
  const containers = named(steps, "docker:index/container:Container");
  assert.deepEqual(
    containers,
    [...controlRoles, "postgres", "redis", "worker-1", "worker-2", "worker-3", "worker-4"].sort(),
  );
  const roots = steps.filter(({ newState }) => newState?.parent?.includes("pulumi:pulumi:Stack"));
  assert.deepEqual(
    roots.map(({ urn }) => urn),
    ["urn:pulumi:dev::analytics::airflow:index:AirflowStack::airflow"],
  );
}

test("the TypeScript example of the docs compiles, and plans a whole stack", async () => {
  const program = example("ts");
  const check = async (text: string) => {
    writeFileSync(join(folder, "checked.ts"), text);
    const options = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--target",
      "esnext",
      "--types",
      "node",
    ];
    await run(join(project, "node_modules/.bin/tsc"), [...options, "checked.ts"], { cwd: folder });
  };
  await check(program);
  await assert.rejects(check(program.replace("workers: 4", 'workers: "four"')), /'string' is not assignable/);
  assertPlanned(await plan(program));
});

test("the YAML example of the docs plans a whole stack through the provider", async () => {
  const { type, properties } = parse(example("yaml")).resources.airflow;
  const args = JSON.stringify(properties).replace(/"\$\{adminPassword\}"/, "password");
  assertPlanned(
    await plan(`
      import * as pulumi from "@pulumi/pulumi";
      const password = new pulumi.Config().requireSecret("adminPassword");
      class Remote extends pulumi.ComponentResource {
        constructor() { super(${JSON.stringify(type)}, "airflow", { webserverUrl: undefined, ...${args} }, {}, true); }
      }
      export const url = new Remote().webserverUrl;
    `),
  );
});

/** A program whose stack gets a label from a resource, which makes the id only when it is deployed. */
const labelled = (output: "name" | "id") => `
  import * as pulumi from "@pulumi/pulumi";
  import { AirflowStack } from "airflow-on-celery";
  class Team extends pulumi.dynamic.Resource {
    constructor() { super({ create: async (outs) => ({ id: "1", outs }) }, "team", { name: "data" }); }
  }
  new AirflowStack("airflow", { labels: { team: new Team().${output} } });
`;

test("all resources depend on the resources that the arguments come from", async () => {
  const steps = await plan(labelled("name"));
  const team = steps.find(({ urn }) => urn.endsWith("::team"))?.urn ?? "";
  const late = steps.filter(({ urn }) => /Container::|Volume::|Network::/.test(urn));
  assert.equal(late.length, 15);
  for (const { urn, newState } of late) assert.ok(newState?.dependencies?.includes(team), urn);
});

test("a stack with unknown arguments is left out of the preview", async () => {
  const steps = await plan(labelled("id"));
  assert.deepEqual(named(steps, "AirflowStack"), ["airflow"]);
  assert.deepEqual(named(steps, "docker:index/container:Container"), []);
});

test("Pulumi's Node.js host can start the provider without its executable", async () => {
  const host = join(project, "node_modules/@pulumi/pulumi/cmd/run-plugin");
  const child = spawn(process.execPath, [host, provider, "127.0.0.1:1"], { cwd: folder });
  const [port] = await new Promise<Buffer[]>((done, fail) => {
    child.stdout.once("data", (chunk: Buffer) => done([chunk]));
    child.once("exit", (code) => fail(new Error(`The provider ended with ${code}.`)));
  });
  child.removeAllListeners("exit").kill();
  assert.match(String(port), /^\d+\s*$/);
});

test("the provider has the version of the package", () => {
  const versionIn = (path: string) => JSON.parse(readFileSync(join(project, path), "utf8")).version;
  assert.equal(versionIn("package/provider/package.json"), versionIn("package.json"));
});
