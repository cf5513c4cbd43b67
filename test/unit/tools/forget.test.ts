import assert from "node:assert/strict";
import { test } from "node:test";
import { machinesIn } from "../../../platforms/machines.ts";
import { forgetting } from "../../../tools/lib/forget.ts";
import type { Resource } from "../../../tools/lib/state.ts";

const platform = "airflow:index:DockerPlatform";
const urn = (type: string, name: string) => `urn:pulumi:unit::airflow::${type}::${name}`;
const provider = (name: string) => urn(`${platform}$pulumi:providers:docker`, name);
const container = (name: string) => urn("airflow:index:Worker$docker:index/container:Container", name);

const dynamic = urn("pulumi:providers:pulumi-nodejs", "default");
const first = provider("docker");
const big = provider("docker-big");
const bigger = provider("docker-bigger");
const network = urn(`${platform}$docker:index/network:Network`, "docker-big");

const component: Resource = { urn: urn("airflow:index:Worker", "worker-big"), type: "airflow:index:Worker" };

function made(name: string, by: string, more: Partial<Resource> = {}): Resource {
  return {
    urn: container(name),
    type: "docker:index/container:Container",
    provider: `${by}::1a2b`,
    ...more,
  };
}

const providers: Resource[] = [first, big, bigger].map((one) => ({
  urn: one,
  type: "pulumi:providers:docker",
}));
const before = {
  version: 3,
  deployment: {
    manifest: { time: "now" },
    resources: [
      ...providers,
      component,
      { urn: network, type: "docker:index/network:Network", provider: `${big}::1a2b` },
      made("redis", first),
      made("worker-big-1", big, { dependencies: [network, container("redis")] }),
      made("worker-bigger-1", bigger, {
        dependencies: [container("redis"), container("worker-big-1")],
        propertyDependencies: { networks: [network, container("redis")], image: null, name: [network] },
        deletedWith: network,
      }),
      {
        urn: urn("pulumi-nodejs:dynamic:Resource", "secrets"),
        type: "x",
        provider: `${dynamic}::1`,
        dependencies: [],
      },
    ] satisfies Resource[],
  },
};

test("forgetting a machine removes its provider, the provider's resources, and all references to them", () => {
  const { state, forgotten } = forgetting(before, "big");
  assert.deepEqual(forgotten, [big, network, container("worker-big-1")]);
  assert.deepEqual(state, {
    version: 3,
    deployment: {
      manifest: { time: "now" },
      resources: [
        { urn: first, type: "pulumi:providers:docker" },
        { urn: bigger, type: "pulumi:providers:docker" },
        component,
        made("redis", first),
        made("worker-bigger-1", bigger, {
          dependencies: [container("redis")],
          propertyDependencies: { networks: [container("redis")], image: null, name: [] },
        }),
        before.deployment.resources.at(-1),
      ],
    },
  });
});

test("forgetting a machine without references leaves all other resources as they are", () => {
  const { resources } = before.deployment;
  const { state } = forgetting(before, "bigger");
  assert.deepEqual(
    state.deployment.resources,
    resources.filter(({ urn }) => urn !== bigger && urn !== container("worker-bigger-1")),
  );
});

const refused: [what: string, machine: string, resources: Resource[] | undefined, known: string][] = [
  ["a machine that the state does not have", "small", before.deployment.resources, "big, bigger"],
  ["the first machine", "main", before.deployment.resources, "big, bigger"],
  ["the only machine", "main", providers.slice(0, 1), "none"],
  ["anything of a stack without resources", "big", undefined, "none"],
];

for (const [what, machine, resources, known] of refused) {
  test(`${what} cannot be forgotten`, () => {
    assert.throws(() => forgetting({ deployment: resources ? { resources } : {} }, machine), {
      message:
        `The state has no machine ${machine} to forget; expected one of: ${known}. The first machine ` +
        "cannot be forgotten, since it has the data and the control roles.",
    });
  });
}

test("the machines of a state are all except the first, with the addresses of their engines", () => {
  const on = (one: string, outputs: Resource["outputs"] = {}) => ({
    urn: one,
    type: "pulumi:providers:docker",
    outputs,
  });
  const resources = [
    on(first, { host: "unix:///var/run/docker.sock" }),
    on(big, { host: "tcp://10.0.0.11:2376", certPath: "/certificates" }),
    on(bigger, { host: "ssh://airflow@10.0.0.12" }),
    { urn: network, type: "docker:index/network:Network" },
  ];
  assert.deepEqual(machinesIn(resources), [
    { name: "big", docker: "tcp://10.0.0.11:2376", certificates: "/certificates" },
    { name: "bigger", docker: "ssh://airflow@10.0.0.12" },
  ]);
  assert.deepEqual(machinesIn([]), []);
});
