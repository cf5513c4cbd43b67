import type { Settings } from "../../settings/model/groups.ts";
import { homeOf, machinesOf, suffixOf } from "../machines.ts";
import { type StateResource, volumesIn } from "../ownership/known.ts";

const database = "postgres";

/** Returns the address of the engine that was the first machine's at the last deployment; undefined if there were no machines. */
function earlierFirst(resources: readonly StateResource[]): unknown {
  const provider = ({ urn }: StateResource) =>
    urn.endsWith(":DockerPlatform$pulumi:providers:docker::docker");
  return resources.find(provider)?.outputs?.host;
}

/**
 * Explains why the machines of a stack may not change so that data would stay on a machine where nothing looks for it: Airflow would
 * start with an empty database.
 * @param resources resources of the last deployment
 * @returns undefined if nothing moves
 */
export function movedFault(settings: Settings, resources: readonly StateResource[]): string | undefined {
  const machines = machinesOf(settings);
  const [first] = machines;
  if (!first) return undefined;
  const earlier = earlierFirst(resources);
  const former = machines.find(({ docker }) => docker === earlier);
  if (former && former !== first) {
    return (
      `machines: the first is ${first.name}; expected ${former.name}, which was the first and has what the stack keeps: ` +
      "other machines can follow in any order."
    );
  }
  if (settings.postgres.url !== undefined) return undefined;
  const home = homeOf(database, machines) ?? first;
  const known = volumesIn(resources, "volume");
  const hasData = (machine: typeof home) => known.has(`${database}-data${suffixOf(machine, machines)}`);
  const holder = machines.find(hasData);
  if (!holder || hasData(home)) return undefined;
  return (
    `machines: ${database} is to run on ${home.name}; expected ${holder.name}, which has its data. ` +
    "To move the data, too: npm run backup, then change the machines and npm run restore -- --from ID"
  );
}
