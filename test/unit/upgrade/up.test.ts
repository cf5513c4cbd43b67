import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { collected, ended, project } from "../../../tools/lib/process.ts";
import { cleanClone } from "../../live/lib/clone.ts";
import { withPrograms } from "../standIns.ts";

const clone = await cleanClone();
after(() => rmSync(clone, { recursive: true }));
symlinkSync(join(project, "node_modules"), join(clone, "node_modules"));
mkdirSync(join(clone, ".state"));
// The stand-in for the CLI needs no plugin for clusters.
writeFileSync(join(clone, "tools/run"), "#!/bin/sh\n");
const file = join(clone, "stacks/Pulumi.unit.yaml");
const revision = join(clone, "revision");

const text = `config:
  airflow:platform: kubernetes
  airflow:kubernetes: { context: c, namespace: n }
  airflow:images: { airflow: r/a:1.0.0, postgres: r/p:1.0.0, redis: r/r:1.0.0 }
  airflow:dagsGit: { url: https://git.example.com/dags.git }
  airflow:workers: 0
`;

/** Stand-in for kubectl and a cluster with a webserver, which has one DAG and no faults. */
const kubectl = `#!/usr/bin/env node
const args = process.argv.slice(2);
const answers = {
  "/auth/token": { access_token: "t" },
  "/api/v2/dags": { dags: [{ dag_id: "d", fileloc: "/d.py", last_parsed_time: null }], total_entries: 1 },
  "/api/v2/importErrors": { import_errors: [], total_entries: 0 },
};
if (args.includes("port-forward")) {
  const answer = ({ url }, response) => response.end(JSON.stringify(answers[url.split("?")[0]]));
  require("node:http").createServer(answer).listen(Number(args.at(-1).split(":")[0]), "127.0.0.1");
  setTimeout(process.exit, 60_000);
} else if (args.includes("json")) console.log(JSON.stringify({ items: [] }));
else if (args.includes("pods")) console.log("dag-processor-1 dag-processor");
`;

/** Stand-in for the CLI, whose deployment runs a shell command. */
function cli(deployment: string): string {
  const outputs = { webserverUrl: "", flowerUrl: "", adminUser: "a", adminPassword: "p", workers: [] };
  return `#!/bin/sh
case "$*" in
  up*) ${deployment} ;;
  "stack export") echo '{"deployment": {}}' ;;
  "stack output"*) echo '${JSON.stringify({ ...outputs, version: "3.3.2" })}' ;;
esac
`;
}

interface Run {
  /** Shell command of the deployment, and of Git when it tells the revision. */
  readonly deployment: string;
  readonly git?: string;
  /** True if the reader of the output goes after its first line. */
  readonly isCut?: boolean;
}

/** Runs npm run up on the stack. */
function up({ deployment, git = `cat ${revision}`, isCut = false }: Run) {
  writeFileSync(file, text);
  writeFileSync(revision, "0123456789ab\n");
  const programs = {
    kubectl,
    pulumi: cli(deployment),
    git: `#!/bin/sh\ncase $1 in rev-parse) ${git} ;; esac\n`,
  };
  return withPrograms(programs, async () => {
    const child = spawn(process.execPath, [join(clone, "tools/up.ts"), "--stack", "unit"], {
      env: { ...process.env, PULUMI_BACKEND_URL: "file:///nowhere" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (isCut) child.stdout.once("data", () => child.stdout.destroy());
    const printed = collected(child.stdout, child.stderr);
    return { code: await ended(child), printed: printed() };
  });
}

const deployments = join(clone, ".state/deployments.unit.json");

test("a deployment is noted with the stack file and the revision of its begin, whatever is edited meanwhile", async () => {
  const { code, printed } = await up({ deployment: `echo "# edited" >> ${file}; echo other > ${revision}` });
  assert.equal(code, 0, printed);
  const [made] = JSON.parse(readFileSync(deployments, "utf8"));
  assert.equal(made.text, text);
  assert.equal(made.revision, "0123456789ab");
  rmSync(deployments);
});

test("a stack file that is edited before the deployment is not deployed", async () => {
  const { code, printed } = await up({
    deployment: "echo deploys",
    git: `echo "# edited" >> ${file}; cat ${revision}`,
  });
  assert.equal(code, 1);
  assert.match(
    printed,
    /Pulumi\.unit\.yaml was edited meanwhile; nothing was deployed\. Run this command again\.$/m,
  );
  assert.doesNotMatch(printed, /deploys/);
  assert.ok(!existsSync(deployments));
});

test("a deployment goes on to its note when nobody reads its output any more", async () => {
  const { code, printed } = await up({
    deployment: "for i in 1 2 3; do echo $i; sleep 0.2; done",
    isCut: true,
  });
  assert.equal(code, 0, printed);
  assert.ok(existsSync(deployments));
});
