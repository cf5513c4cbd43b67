import { forPlatform } from "../../../capabilities.ts";
import { type Answer, askCluster, askEngine } from "../../../platforms/ask.ts";
import { machinesOf } from "../../../platforms/machines.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { namespaceFlags } from "../reach/kubernetes.ts";
import type { Stack } from "../stack.ts";
import type { ExportedState } from "../state.ts";
import { clusterFacts } from "./cluster.ts";
import { factsOfEngines } from "./engine.ts";
import { declaredInCluster, expected, withMissing } from "./expected.ts";
import type { MachineFacts } from "./facts.ts";

/** Runs a command in an instance of a machine. */
export type Exec = (
  machine: string,
  instance: string,
  command: readonly string[],
  seconds?: number,
) => Promise<Answer>;

/** Returns a function that runs commands in a stack's containers or pods. */
export function execOf(stack: Stack, settings: Settings): Exec {
  const machines = machinesOf(settings);
  const inContainers: Exec = (name, instance, command, seconds) => {
    const machine = machines.find((one) => one.name === name);
    return askEngine(machine, ["exec", `${stack.prefix}-${instance}`, ...command], seconds);
  };
  const inPods: Exec = (_node, pod, command, seconds) =>
    askCluster([...namespaceFlags(stack, settings), "exec", pod, "--", ...command], seconds);
  return forPlatform(settings.platform, { docker: inContainers, kubernetes: inPods });
}

/** Lists the instances of a stack, by machine or node; with its state also those that are missing. */
export function instancesOf(
  stack: Stack,
  settings: Settings,
  state: ExportedState = { deployment: {} },
): Promise<readonly MachineFacts[]> {
  return forPlatform(settings.platform, {
    docker: async () => {
      const wanted = expected(state, stack.prefix, machinesOf(settings));
      const found = await factsOfEngines(stack.prefix, settings);
      return found.map((facts) => withMissing(facts, wanted.get(facts.name)));
    },
    kubernetes: () => clusterFacts(namespaceFlags(stack, settings), declaredInCluster(state)),
  })();
}
