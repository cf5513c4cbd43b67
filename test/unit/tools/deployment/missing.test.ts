import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { missingOn, withoutMissing } from "../../../../tools/lib/deployment/missing.ts";
import { namedIn } from "../../../../tools/lib/spare.ts";
import type { Stack } from "../../../../tools/lib/stack.ts";
import type { ExportedState, Resource } from "../../../../tools/lib/state.ts";
import { settingsFor } from "../../settingsFrom.ts";
import { withPrograms } from "../../standIns.ts";

const platform = "airflow:index:DockerPlatform";
const provider = (name: string) => `urn:pulumi:x::airflow::${platform}$pulumi:providers:docker::${name}`;
const volumeType = "docker:index/volume:Volume";
const containerType = "docker:index/container:Container";

function made(
  type: string,
  name: string,
  full: string,
  by = "docker",
  more: Partial<Resource> = {},
): Resource {
  return {
    urn: `urn:pulumi:x::airflow::${platform}$${type}::${name}`,
    type,
    provider: `${provider(by)}::1a2b`,
    ...more,
    outputs: { name: `airflow-x${full}`, ...more.outputs },
  };
}

const job = { inputs: { attach: true } };
const done = { ...job, outputs: { exitCode: 0 } };

const resources: readonly Resource[] = [
  { urn: provider("docker"), type: "pulumi:providers:docker", inputs: {} },
  { urn: provider("docker-big"), type: "pulumi:providers:docker", inputs: { host: "ssh://airflow@big" } },
  made("docker:index/network:Network", "docker", ""),
  made(volumeType, "postgres-data", "-postgres-data", "docker", { protect: true }),
  made(volumeType, "logs", "-logs"),
  made(containerType, "redis", "-redis"),
  made(containerType, "migration", "-migration", "docker", done),
  made("docker:index/network:Network", "docker-big", "", "docker-big"),
  made(volumeType, "logs-big", "-logs", "docker-big", { retainOnDelete: true }),
  made(containerType, "worker-big-1", "-worker-big-1", "docker-big", {
    dependencies: [`urn:pulumi:x::airflow::${platform}$${volumeType}::logs-big`],
  }),
  made(containerType, "volume-logs-big", "-volume-logs", "docker-big", done),
];
const state: ExportedState = { deployment: { resources } };

const machines = [
  { name: "one", docker: "unix:///run/docker.sock", address: "10.0.0.1", workers: 1 },
  { name: "big", docker: "ssh://airflow@big", address: "10.0.0.2", workers: 1 },
];

/** Resources on the engines of both machines, by kind, and in the end of the state's names. */
interface Engines {
  readonly here: Readonly<Record<string, string>>;
  readonly big: Readonly<Record<string, string>> | undefined;
}

const whole: Engines = {
  here: { container: "-redis -migration", network: "-", volume: "-postgres-data -logs" },
  big: { container: "-worker-big-1 -volume-logs", network: "-", volume: "-logs" },
};

/** A Docker client that lists the resources of two engines; one that is undefined does not answer. */
function client({ here, big }: Engines): string {
  const listed = (engine: Readonly<Record<string, string>>) =>
    Object.entries(engine).map(([kind, names]) => {
      const lines = names.split(" ").filter(Boolean);
      return `${kind}) ${lines.map((name) => `echo "airflow-x${name === "-" ? "" : name} "`).join("; ") || ":"};;`;
    });
  const silent = ['*) echo "Cannot connect to the Docker daemon" >&2; exit 1;;'];
  return `#!/bin/sh
case "$DOCKER_HOST" in
  ssh:*) case $1 in ${(big ? listed(big) : silent).join(" ")} esac ;;
  *) case $1 in ${listed(here).join(" ")} esac ;;
esac
`;
}

/** Returns the names of resources that are left in the state, and whether the state was written. */
async function left(engines: Engines, config: Readonly<Record<string, unknown>> = { machines }) {
  let written: ExportedState | undefined;
  const stack = {
    name: "x",
    pulumi: async (args: readonly string[]) => {
      if (args.includes("export")) return JSON.stringify(state);
      written = JSON.parse(readFileSync(args.at(-1) ?? "", "utf8"));
      return "";
    },
  } as unknown as Stack;
  const after = await withPrograms({ docker: client(engines) }, () =>
    withoutMissing(stack, settingsFor(config), state),
  );
  assert.deepEqual(after, written ?? state);
  const kept = new Set(after.deployment.resources?.map(({ urn }) => urn));
  return resources.flatMap(({ urn }) => (kept.has(urn) ? [] : [urn.split("::").at(-1)]));
}

test("nothing is dropped from the state while the engines have everything, or finished jobs were cleared away", async () => {
  assert.deepEqual(await left(whole), []);
  const cleared = { ...whole.here, container: "-redis" };
  assert.deepEqual(await left({ ...whole, here: cleared }), []);
});

test("a removed container is dropped from the state, so that a deployment makes it again", async () => {
  const { here } = whole;
  assert.deepEqual(await left({ ...whole, here: { ...here, container: "-migration" } }), ["redis"]);
});

test("all of a machine that was wiped is dropped from the state, finished jobs included, and nothing of the others", async () => {
  const wiped = await left({ ...whole, big: { container: "", network: "", volume: "" } });
  assert.deepEqual(wiped, ["docker-big", "logs-big", "worker-big-1", "volume-logs-big"]);
});

test("a machine that does not answer loses nothing", async () => {
  assert.deepEqual(await left({ ...whole, big: undefined }), []);
});

test("a state whose database is not on the engine stays, since the deployment is refused", async () => {
  const lost = { ...whole.here, container: "", volume: "-logs" };
  assert.deepEqual(await left({ ...whole, here: lost }), []);
  const external = { machines, postgres: { url: "postgresql://a:Hg5wkPq8zR2v@db.example.com/airflow" } };
  assert.deepEqual(await left({ ...whole, here: lost }, external), ["postgres-data", "redis", "migration"]);
});

test("a failed job is missed on an engine that has its volumes", () => {
  const named = namedIn([made(containerType, "migration", "-migration", "docker", job)], []);
  assert.equal(missingOn(named, []).length, 1);
});
