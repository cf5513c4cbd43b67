import assert from "node:assert/strict";
import { machine } from "../../lab/settings.ts";
import { Around } from "../docker/around.ts";
import { found } from "../lib/canaries.ts";
import type { Config, TestStack } from "../lib/harness.ts";
import { python } from "../lib/services.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";
import { kubectl, pods } from "../targets/kubernetes.ts";

/** MiB for the triggerer. */
const memory = 900;

const sidecarPort = 6390;

/** Workers' pods: an init container writes a file, and a sidecar is a Redis. */
function podOf(image: string): Config {
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
  };
  const volume = { name: "prepared", mountPath: "/opt/prepared" };
  const command = ["sh", "-c", "echo prepared > /opt/prepared/word"];
  const server = ["redis-server", "--port", String(sidecarPort), "--save", "", "--dir", "/tmp"];
  return {
    annotations: { "example.com/scrape": "true" },
    initContainers: [
      { name: "prepare", image, command, volumeMounts: [volume], securityContext },
      { name: "beside", image, command: server, restartPolicy: "Always", securityContext },
    ],
    volumes: [{ name: "prepared", emptyDir: {} }],
    volumeMounts: [{ ...volume, readOnly: true }],
  };
}

/** Surroundings of a stack in the cluster, and the additions that its roles get. */
export class Extras {
  private readonly around: Around;
  private readonly stack: TestStack;

  constructor(stack: TestStack) {
    this.stack = stack;
    this.around = new Around(stack);
  }

  /** @param image one with Redis */
  async start(image: string): Promise<Config> {
    const { publish: _, proxy, roles, ...config } = await this.around.start(machine);
    const { worker, ...others } = Object(roles);
    const { no, ...proxies } = Object(proxy);
    return {
      ...config,
      proxy: { ...proxies, no: [...no, machine] },
      roles: { ...others, worker: { ...worker, pod: podOf(image) }, triggerer: { memory } },
    };
  }

  close(): void {
    this.around.close();
  }

  /** Asserts that workers have what they are given. */
  async assertGiven(worker: string): Promise<void> {
    const { stack } = this;
    await runsUndisturbed(stack, "given", await stack.trigger("given"), 1);
    assert.deepEqual([...new Set(this.around.asked)], ["GET http://outside.test/page"]);
    assert.equal(await stack.exec("scheduler-1", "cat", "/opt/models/model"), "learned");
    assert.equal((await stack.exec(worker, "cat", "/opt/prepared/word")).trim(), "prepared");
    const ping = `from redis import Redis; print(Redis(port=${sidecarPort}).ping())`;
    assert.equal(await python(stack, worker, ping), "True");
    const there = await pods(stack.prefix);
    const { labels, annotations } = there.get(worker)?.metadata ?? assert.fail(`there is no ${worker}`);
    assert.deepEqual(
      [labels.team, labels.tier, annotations?.["example.com/scrape"]],
      ["data", "tasks", "true"],
    );
    const limits = there.get("triggerer-1")?.spec.containers.map(({ resources }) => resources.limits.memory);
    assert.deepEqual(limits, [`${memory}Mi`]);
    const visible = "configmap,event,pod,statefulset";
    const seen = await kubectl("get", visible, "--namespace", stack.prefix, "--output", "yaml");
    assert.deepEqual(found(seen, { token: "of-the-worker" }), []);
  }
}
