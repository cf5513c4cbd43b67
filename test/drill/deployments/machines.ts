import { type MachineName, machines, power } from "../../lab/machines/machines.ts";
import type { TestStack } from "../../live/harness.ts";
import { dockerAt, isOff, onMachines } from "../../live/machines.ts";
import { boots } from "../nemesis/boots.ts";
import { type Client, CONTAINER, engineLevers } from "../nemesis/engineLevers.ts";
import type { Levers } from "../nemesis/levers.ts";
import type { StackArgs } from "./stack.ts";

function levers(stack: TestStack): Levers {
  const client: Client = (instance, ...args) => {
    // All but the workers are on the first.
    const home = machines.find(({ name }) => instance.startsWith(`worker-${name}-`))?.name ?? "one";
    return dockerAt(home, ...args.map((one) => (one === CONTAINER ? `${stack.prefix}-${instance}` : one)));
  };
  return {
    ...engineLevers(client),
    hostsOn: async (machine) => [`worker-${machine}-1`, `worker-${machine}-2`],
    cutPower: async (machine) => {
      const name = machine as MachineName;
      isOff(name, true);
      await power(name, "stop");
      const seen = await dockerAt(name, "version").then(
        () => "",
        () => `the engine of ${name} did not answer`,
      );
      return async () => {
        await boots(name, () => power(name, "start"));
        isOff(name, false);
        return seen;
      };
    },
  };
}

/** The stack of the drill on three machines of the lab, two of which have workers. */
export const machinesStack: StackArgs = {
  name: "livetest-drill-machines",
  port: 18710,
  target: onMachines,
  layout: {
    worker: ["worker-two-1", "worker-three-1"],
    broker: ["redis"],
    database: ["postgres"],
    webserver: ["webserver"],
    scheduler: ["scheduler"],
    triggerer: ["triggerer"],
    deployment: ["deployment"],
    machine: ["two", "three"],
  },
  configure: (workers) => {
    const counts = { one: 0, two: Math.ceil(workers / 2), three: Math.floor(workers / 2) };
    return { machines: machines.map((machine) => ({ ...machine, workers: counts[machine.name] })) };
  },
  levers,
};
