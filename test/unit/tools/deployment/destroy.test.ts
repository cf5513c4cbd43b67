import assert from "node:assert/strict";
import { test } from "node:test";
import { destroy } from "../../../../tools/lib/deployment/destroy.ts";
import type { Stack } from "../../../../tools/lib/stack.ts";
import type { Resource } from "../../../../tools/lib/state.ts";
import { settingsFor } from "../../settingsFrom.ts";
import { withPrograms } from "../../standIns.ts";

const platform = "urn:pulumi:x::airflow::airflow:index:DockerPlatform";
const provider = `${platform}$pulumi:providers:docker::docker::1a2b`;

function left(type: string, name: string, more: Partial<Resource> = {}): Resource {
  return {
    urn: `${platform}$${type}::${name}`,
    type,
    provider,
    outputs: { name: `airflow-x${name}` },
    ...more,
  };
}

const network = left("docker:index/network:Network", "");
const around: readonly Resource[] = [
  { urn: platform, type: "airflow:index:DockerPlatform" },
  { urn: provider, type: "pulumi:providers:docker" },
  left("pulumi-nodejs:dynamic:Resource", "secrets"),
  left("docker:index/volume:Volume", "-postgres-data", { protect: true }),
];

/**
 * Removes a stack with a CLI that fails.
 * @param count shell command in place of the Docker client's for the containers in a network
 * @param refusal the same for a removal of the network
 */
async function removal(
  resources: readonly Resource[],
  count: string,
  refusal = "echo 'network airflow-x has active endpoints' >&2; exit 1",
): Promise<void> {
  const stack = {
    pulumi: async ([command]: readonly string[]) => {
      if (command === "destroy") throw new Error("pulumi destroy failed");
      return JSON.stringify({ deployment: { resources } });
    },
    deployed: () => settingsFor({}),
  } as unknown as Stack;
  const docker = `#!/bin/sh\ncase $2 in inspect) ${count} ;; rm) ${refusal} ;; esac\n`;
  await withPrograms({ docker }, () => destroy(stack, []));
}

test("a network that the engine does not remove, though no container is in it, does not fail a removal", async () => {
  await removal([...around, network], "echo 0");
});

test("a removal fails if containers are in the network, the engine removes it or does not answer, or anything else is left", async () => {
  const failure = /pulumi destroy failed/;
  await assert.rejects(removal([...around, network], "echo 1"), failure);
  await assert.rejects(removal([...around, network], "echo down >&2; exit 1"), failure);
  await assert.rejects(removal([...around, network], "echo 0", "echo airflow-x"), failure);
  await assert.rejects(removal(around, "echo 0"), failure);
  const container = left("docker:index/container:Container", "-redis");
  await assert.rejects(removal([...around, network, container], "echo 0"), failure);
  const open = left("docker:index/volume:Volume", "-logs");
  await assert.rejects(removal([...around, network, open], "echo 0"), failure);
});
