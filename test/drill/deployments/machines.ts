import { localImage } from "../../../images/local.ts";
import { type MachineName, machines, power } from "../../lab/machines/machines.ts";
import type { TestStack } from "../../live/lib/harness.ts";
import { dockerAt, isOff, onMachines } from "../../live/targets/machines.ts";
import { boots } from "../nemesis/boots.ts";
import { clientBy, engineLevers } from "../nemesis/engineLevers.ts";
import type { Levers } from "../nemesis/levers.ts";
import { layoutOf } from "../plan/schedule.ts";
import type { StackArgs } from "./stack.ts";

function levers(stack: TestStack): Levers {
  // Everything except the workers runs on the first machine.
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

/** Runs a command in a new container with each machine's volume, as a machine may have no worker left. */
function atVolumes({ prefix }: TestStack, command: readonly string[]): Promise<readonly string[]> {
  const [program = "", ...args] = command;
  const flags = ["--rm", "--volume", `${prefix}-data:/opt/airflow/data`, "--entrypoint", program];
  const read = (name: MachineName) => dockerAt(name, "run", ...flags, localImage("airflow"), ...args);
  return Promise.all((["two", "three"] as const).map(read));
}

/** Arguments of the drill's stack on three machines of the lab, two of which have workers. */
export const machinesStack: StackArgs = {
  name: "drill-machines",
  port: 18710,
  target: onMachines,
  layout: layoutOf(["worker-two-1", "worker-three-1"], ["two", "three"]),
  configure: (workers) => {
    const counts = { one: 0, two: Math.ceil(workers / 2), three: Math.floor(workers / 2) };
    return { machines: machines.map((machine) => ({ ...machine, workers: counts[machine.name] })) };
  },
  levers,
  atLedgers: atVolumes,
};
