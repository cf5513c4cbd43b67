import type { TestStack } from "../../live/lib/harness.ts";
import { docker, onDocker } from "../../live/targets/docker.ts";
import { ownDisk, removeDisks } from "../nemesis/disk.ts";
import { clientBy, engineLevers, killAll } from "../nemesis/engineLevers.ts";
import type { Levers } from "../nemesis/levers.ts";
import { layoutOf } from "../plan/schedule.ts";
import type { StackArgs } from "./stack.ts";

/** Sizes in MiB of the small disks that faults fill, by instance. */
const disks = { redis: 64, postgres: 640 };

const workers = /^worker-/;

function levers(stack: TestStack): Levers {
  const client = clientBy(
    (instance) => `${stack.prefix}-${instance}`,
    (_, ...args) => docker(...args),
  );
  const healthy = async () =>
    [...(await stack.instances())].flatMap(([name, instance]) => (instance.healthy ? [name] : []));
  return {
    ...engineLevers(client),
    hostsOn: async () => (await stack.names()).filter((name) => workers.test(name)),
    cutPower: async () => killAll(client, await healthy()),
  };
}

function clear(prefix: string): Promise<void> {
  return removeDisks(`/volumes/${prefix}-`);
}

async function giveDisks(stack: TestStack, { disk }: Levers): Promise<void> {
  for (const [instance, mebibytes] of Object.entries(disks)) {
    const directory = await disk(instance);
    if (directory === undefined) throw new Error(`${stack.prefix}-${instance} has no volume for its data`);
    await ownDisk(directory, mebibytes, {
      release: () => docker("stop", `${stack.prefix}-${instance}`),
      take: () => docker("start", `${stack.prefix}-${instance}`),
    });
  }
}

/** Arguments of the drill's stack on the local engine. */
export const dockerStack: StackArgs = {
  name: "drill",
  port: 18700,
  target: onDocker,
  layout: layoutOf(["worker-1", "worker-2"], ["engine"]),
  configure: (workers) => ({ workers }),
  levers,
  prepare: giveDisks,
  clear: ({ prefix }) => clear(prefix),
};
