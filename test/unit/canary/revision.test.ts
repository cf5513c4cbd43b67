import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultVersion } from "../../../settings/schema/versions.ts";
import { AirflowApi } from "../../../tools/lib/airflow.ts";
import type { Dag, ImportError } from "../../../tools/lib/proof/dagFaults.ts";
import { faultsOfDags } from "../../../tools/lib/proof/dags.ts";
import { isRevisionRead } from "../../../tools/lib/proof/revision.ts";
import { type Outputs, Stack } from "../../../tools/lib/stack.ts";
import { withPrograms } from "../standIns.ts";

const since = new Date("2026-11-24T12:00:00Z");
const now = new Date("2026-11-24T12:01:00Z");
const bundle = { name: "dags", revision: "new", seconds: 20 };
const dag: Dag = {
  dag_id: "d",
  fileloc: "/bundles/dags/d.py",
  last_parsed_time: null,
  bundle_name: "dags",
  bundle_version: "new",
};
const error: ImportError = {
  filename: "e.py",
  stack_trace: "NameError: x",
  bundle_name: "dags",
  timestamp: "2026-11-24T12:00:30Z",
};
const earlier = { ...error, timestamp: "2026-11-24T11:59:59Z" };
const old = { ...dag, bundle_version: "old" };

for (const [what, isRead, facts, of] of [
  ["all DAGs and errors are of the present revision", true, { dags: [dag], errors: [error] }, bundle],
  ["a DAG is of the earlier revision", false, { dags: [dag, old], errors: [] }, bundle],
  [
    "the file of such a DAG has an error now",
    true,
    { dags: [old], errors: [{ ...error, filename: "d.py" }] },
    bundle,
  ],
  ["an error was found before the role started", false, { dags: [dag], errors: [earlier] }, bundle],
  [
    "the repository was last read before the role started",
    false,
    { dags: [dag], errors: [] },
    { ...bundle, seconds: 61 },
  ],
  ["the repository was never read", false, { dags: [], errors: [] }, { ...bundle, seconds: null }],
  [
    "the earlier facts are of another source",
    true,
    { dags: [{ ...old, bundle_name: "b" }], errors: [{ ...earlier, bundle_name: "b" }] },
    bundle,
  ],
  ["the source is a folder", true, { dags: [old], errors: [earlier] }, { ...bundle, revision: null }],
] as const)
  test(`a revision counts as ${isRead ? "read" : "not read yet"}: ${what}`, () => {
    assert.equal(isRevisionRead(of, facts, since, now), isRead);
  });

const pod = (name: string) => ({
  kind: "Pod",
  metadata: { name: `${name}-1`, creationTimestamp: since },
  spec: { nodeName: "n", containers: [{ image: "i" }] },
  status: {
    phase: "Running",
    containerStatuses: [{ ready: true, started: true, state: { running: { startedAt: since } } }],
  },
});
const items = [pod("scheduler"), pod("dag-processor")];

/** Stand-in for a cluster, whose database is asked by the only program that runs in the scheduler. */
const kubectl = `#!/bin/sh
case "$*" in
  *" json") echo '${JSON.stringify({ items })}' ;;
  *" exec scheduler-1 "*)
    set -- $(cat "$0.seconds" 2>/dev/null || echo 1)
    echo '${JSON.stringify({ bundles: [{ ...bundle, seconds: 0 }] })}' | sed "s/:0}/:$1}/"
    shift; echo $* > "$0.seconds"
    : > "$0.asked"
    ;;
  *" get pods "*) echo 'dag-processor-1 dag-processor' ;;
esac
`;

/** Runs a function with a stack that reads its DAGs from a repository, in that cluster. */
function withRepository(use: (stack: Stack, folder: string) => Promise<void>): Promise<void> {
  return withPrograms({ kubectl }, async (folder) => {
    const file = join(folder, "Pulumi.x.yaml");
    writeFileSync(
      file,
      `config:
  airflow:platform: kubernetes
  airflow:images: { airflow: r/a:1.0.0, postgres: r/p:1.0.0, redis: r/r:1.0.0 }
  airflow:dagsGit: { url: https://git.example.com/dags.git }
`,
    );
    await use(new Stack("x", file), folder);
  });
}

type Answers = Readonly<Record<string, () => readonly object[]>>;

function apiThat(answers: Answers): AirflowApi {
  const api = new AirflowApi({ version: defaultVersion } as Outputs);
  api.all = async <T>(path: string) => (answers[path]?.() ?? []) as readonly T[];
  return api;
}

test("faults of a repository's DAGs are those of the revision that was just deployed", () =>
  withRepository(async (stack, folder) => {
    // The error was in the earlier revision, and Airflow reads the new one after the first look.
    const isLater = () => existsSync(join(folder, "kubectl.asked"));
    const api = apiThat({
      "/dags": () => [isLater() ? dag : old],
      "/importErrors": () => (isLater() ? [] : [earlier]),
    });
    assert.deepEqual(await faultsOfDags(stack, stack.deployed(), api), []);
    assert.ok(isLater());
  }));

test("before a strict deployment ends, Airflow fetches the repository, and has ten seconds for files without a DAG", () =>
  withRepository(async (stack, folder) => {
    writeFileSync(join(folder, "kubectl.seconds"), "20 5 12");
    let looks = 0;
    const api = apiThat({
      "/dags": () => {
        looks += 1;
        return [dag];
      },
    });
    const begin = new Date(Date.now() - 15_000);
    assert.deepEqual(await faultsOfDags(stack, stack.deployed(), api, begin), []);
    assert.equal(looks, 3);
  }));
