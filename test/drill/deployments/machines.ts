import { type MachineName, machines, power } from "../../lab/machines/machines.ts";
import type { TestStack } from "../../live/harness.ts";
import { dockerAt, isOff, onMachines } from "../../live/machines.ts";
import { boots } from "../nemesis/boots.ts";
import { clientBy, engineLevers } from "../nemesis/engineLevers.ts";
import type { Levers } from "../nemesis/levers.ts";
import { layoutOf } from "../plan/schedule.ts";
import type { StackArgs } from "./stack.ts";

function levers(stack: TestStack): Levers {
  // All but the workers are on the first.
  const home = (instance: string) =>
    machines.find(({ name }) => instance.startsWith(`worker-${name}-`))?.name ?? "one";
  const client = clientBy(
    (instance) => `${stack.prefix}-${instance}`,
    (instance, ...args) => dockerAt(home(instance), ...args),
  );
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
  layout: layoutOf(["worker-two-1", "worker-three-1"], ["two", "three"]),
  configure: (workers) => {
    const counts = { one: 0, two: Math.ceil(workers / 2), three: Math.floor(workers / 2) };
    return { machines: machines.map((machine) => ({ ...machine, workers: counts[machine.name] })) };
  },
  levers,
};
