import { join } from "node:path";
import { after, before, test } from "node:test";
import { project } from "../../tools/process.ts";
import { docker } from "./docker.ts";
import { assertUndisturbed, TestStack } from "./harness.ts";
import { Repository } from "./repository.ts";

const stack = new TestStack("livetest-git", 18310);
const network = "airflow-livetest-repository";
const repository = new Repository("team");

before(async () => {
  await docker("network", "create", network);
  const gateway = await docker(
    "network",
    "inspect",
    "--format",
    "{{(index .IPAM.Config 0).Gateway}}",
    network,
  );
  await repository.open(gateway.trim(), join(project, "dags/get_stocks_dag.py"));
});

after(async () => {
  repository.close();
  await stack.remove();
  await docker("network", "rm", network);
});

test("DAGs from a Git repository are run, and so are those that are pushed later", async () => {
  const dagsGit = { url: repository.url, ref: "main", folder: "team" };
  await stack.up({ workers: 1, dagsGit, dags: undefined });
  assertUndisturbed(await stack.finished("get_stocks_dag", await stack.trigger("get_stocks_dag")), 6);
  await repository.publish(join(import.meta.dirname, "naps.py"));
  assertUndisturbed(await stack.finished("naps", await stack.trigger("naps")), 6);
});
