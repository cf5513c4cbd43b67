import assert from "node:assert/strict";
import { cpSync, createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { project, run } from "../../tools/process.ts";
import { docker } from "./docker.ts";
import { assertUndisturbed, TestStack } from "./harness.ts";

const stack = new TestStack("livetest-git", 18310);
const network = "airflow-livetest-repository";
const folder = mkdtempSync(join(tmpdir(), "airflow-git-"));
const work = join(folder, "work");
const bare = join(folder, "dags.git");

/** The repository's files, which are all that Git needs to read it. */
const server = createServer(({ url = "" }, response) => {
  const file = join(folder, normalize(new URL(url, "http://git").pathname));
  if (existsSync(file) && statSync(file).isFile()) createReadStream(file).pipe(response);
  else response.writeHead(404).end();
});

function git(...args: string[]): Promise<string> {
  return run("git", ["-c", "user.name=test", "-c", "user.email=test@localhost", ...args], { cwd: work });
}

async function publish(file: string): Promise<void> {
  cpSync(file, join(work, "team", basename(file)));
  await git("add", ".");
  await git("commit", "--quiet", "--message", "DAGs");
  await git("push", "--quiet", bare, "HEAD:refs/heads/main");
  await run("git", ["--git-dir", bare, "update-server-info"]);
}

before(async () => {
  mkdirSync(join(work, "team"), { recursive: true });
  await run("git", ["init", "--quiet", "--bare", bare]);
  await git("init", "--quiet");
  await publish(join(project, "dags/get_stocks_dag.py"));
  await docker("network", "create", network);
  const gateway = await docker(
    "network",
    "inspect",
    "--format",
    "{{(index .IPAM.Config 0).Gateway}}",
    network,
  );
  await new Promise<void>((done) => server.listen(0, gateway.trim(), done));
});

after(async () => {
  server.close();
  await stack.remove();
  await docker("network", "rm", network);
  rmSync(folder, { recursive: true });
});

test("DAGs from a Git repository are run, and so are those that are pushed later", async () => {
  const address = server.address();
  const at = typeof address === "object" && address ? `${address.address}:${address.port}` : assert.fail();
  const dagsGit = { url: `http://${at}/dags.git`, ref: "main", folder: "team" };
  await stack.up({ workers: 1, dagsGit, dags: undefined });
  assertUndisturbed(await stack.finished("get_stocks_dag", await stack.trigger("get_stocks_dag")), 6);
  await publish(join(import.meta.dirname, "naps.py"));
  assertUndisturbed(await stack.finished("naps", await stack.trigger("naps")), 6);
});
