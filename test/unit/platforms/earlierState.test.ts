import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { Stack } from "../../../tools/lib/stack.ts";

const name = "unit-earlier";
const prefix = `airflow-${name}`;
const platform = "airflow:index:DockerPlatform";
const urn = (type: string, of: string) => `urn:pulumi:${name}::airflow::${type}::${of}`;
const parents = { stack: urn("pulumi:pulumi:Stack", prefix), platform: urn(platform, "docker") };
const provider = urn(`${platform}$pulumi:providers:docker`, "docker");
const providerId = "75d8c333-edaa-4ffe-af00-1b6e5f7c5779";

/** Resource of a deployment from before resources carried the id of an installation. */
function made(type: string, of: string, inputs: object, outputs: object, more: object) {
  const resource = { type, custom: true, urn: urn(`${platform}$${type}`, of), parent: parents.platform };
  return { ...resource, id: of, inputs, outputs, provider: `${provider}::${providerId}`, ...more };
}

const volumes = ["redis-data", "postgres-data", "logs", "data"].map((of) => {
  const called = { name: `${prefix}-${of}` };
  const outputs = { ...called, driver: "local", driverOpts: {}, labels: [] };
  return made("docker:index/volume:Volume", of, called, outputs, { protect: true });
});
const asked = { __defaults: ["ipamDriver"], name: prefix, ipamDriver: "default", labels: [] };
const answered = { name: prefix, ipamDriver: "default", driver: "bridge", options: {}, labels: [] };
const network = made("docker:index/network:Network", "docker", asked, answered, {});
const resources = [
  { type: "pulumi:pulumi:Stack", custom: false, urn: parents.stack },
  { type: platform, custom: false, urn: parents.platform, parent: parents.stack },
  {
    type: "pulumi:providers:docker",
    custom: true,
    id: providerId,
    urn: provider,
    parent: parents.platform,
    inputs: { version: "5.2.0" },
    outputs: { version: "5.2.0" },
  },
  ...volumes,
  network,
];

/**
 * Previews a stack over the earlier state; returns the operation on a resource by its URN.
 * @param running containers in that state
 */
async function previewed(more: Readonly<Record<string, unknown>>, ...running: readonly object[]) {
  const folder = mkdtempSync(join(tmpdir(), "earlier-"));
  const file = join(folder, "state.json");
  const url = join(folder, "url");
  const config = {
    "airflow:workers": 1,
    "airflow:images": { airflow: "a:1", postgres: "p:1", redis: "r:1" },
    ...more,
  };
  writeFileSync(url, "rediss://celery:secret-of-this-test@broker.example.com:6379/0");
  const text = stringify({ config }).replaceAll("URL", url);
  writeFileSync(join(folder, "stack.yaml"), text);
  writeFileSync(
    file,
    JSON.stringify({ version: 3, deployment: { manifest: {}, resources: [...resources, ...running] } }),
  );
  // No engine: a preview needs none.
  Object.assign(process.env, { DOCKER_HOST: "tcp://127.0.0.1:1", AIRFLOW_ADOPT: "" });
  const stack = new Stack(name, join(folder, "stack.yaml"), join(folder, "state"));
  try {
    await stack.pulumi(["stack", "import", "--file", file]);
    const steps: readonly { op: string; urn: string }[] = JSON.parse(
      await stack.pulumi(["preview", "--json", "--show-sames"]),
    ).steps;
    return (end: string) => steps.find(({ urn }) => urn.endsWith(end))?.op;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const kept = [...volumes, network].map(({ urn }) => urn);

test("a stack deployed before ids existed keeps its data and its network", async () => {
  const opOf = await previewed({});
  assert.deepEqual(kept.map(opOf), ["same", "same", "same", "same", "same"]);
  assert.equal(opOf("::installation"), "create");
});

test("a stack whose Redis is external now keeps the volume of its own", async () => {
  const opOf = await previewed({ "airflow:redis": { url: { file: "URL" } } });
  assert.deepEqual(kept.map(opOf), ["same", "same", "same", "same", "same"]);
});

/** Returns the container of a webserver, with the components that it is in. */
function webserver(instance: string): readonly object[] {
  const inputs = { name: `${prefix}-${instance}`, image: "a:0" };
  const airflow = "airflow:index:Airflow";
  const role = `${airflow}$airflow:index:Webserver`;
  const type = "docker:index/container:Container";
  const parent = urn(role, "webserver");
  return [
    { type: airflow, custom: false, urn: urn(airflow, prefix), parent: parents.stack },
    { type: "airflow:index:Webserver", custom: false, urn: parent, parent: urn(airflow, prefix) },
    { ...made(type, instance, inputs, inputs, {}), urn: urn(`${role}$${type}`, instance), parent },
  ];
}

test("the first webserver is replaced when it gets or loses its number, and so frees its port", async () => {
  const [many, one] = [
    await previewed({ "airflow:webservers": 2 }, ...webserver("webserver")),
    await previewed({}, ...webserver("webserver-1")),
  ];
  const ops = (opOf: typeof one) =>
    ["webserver", "webserver-1", "webserver-2"].map((instance) => opOf(`:Container::${instance}`));
  assert.deepEqual(ops(many), [undefined, "replace", "create"]);
  assert.deepEqual(ops(one), ["replace", undefined, undefined]);
});
