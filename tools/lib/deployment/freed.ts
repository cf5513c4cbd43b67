import { print } from "../commandLine/terminal.ts";
import { reasonOf, run } from "../process.ts";
import type { ExportedState } from "../state.ts";
import { type Declared, declaredInCluster } from "../status/expected.ts";

/** Lists the workloads of a cluster that a deployment stopped to autoscale. */
function freedIn(before: ExportedState, after: ExportedState): Declared[] {
  const scaled = declaredInCluster(before).filter(({ isScaled }) => isScaled);
  return declaredInCluster(after).filter(
    ({ name, isScaled }) => !isScaled && scaled.some((one) => one.name === name),
  );
}

/**
 * Sets the number of instances where a deployment stopped to autoscale: until KEDA's object is gone, at the end of the
 * deployment, KEDA sets that number too.
 * @param flags of kubectl, which select the namespace
 */
export async function scaleFreed(
  before: ExportedState,
  after: ExportedState,
  flags: readonly string[],
): Promise<void> {
  for (const { name, least } of freedIn(before, after)) {
    const command = [...flags, "scale", "statefulset", name, `--replicas=${least}`];
    await run("kubectl", command).catch((error) =>
      print(`  warning: ${name} keeps its number of instances, expected ${least}: ${reasonOf(error)}`),
    );
  }
}
