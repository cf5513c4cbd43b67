import type { Settings } from "../../settings/model/groups.ts";
import { homeOf, type Machine, machinesIn, machinesOf, suffixOf } from "../machines.ts";
import { type StateResource, volumesIn } from "../ownership/known.ts";

const database = "postgres";

/** Returns the address of the engine that was the first machine's at the last deployment; undefined if there were no machines. */
function earlierFirst(resources: readonly StateResource[]): unknown {
  const provider = ({ urn }: StateResource) =>
    urn.endsWith(":DockerPlatform$pulumi:providers:docker::docker");
  return resources.find(provider)?.outputs?.host;
}

/** Explains why a machine may not change its name: its containers have the names that those of the new one would get. */
function renamedFault(machines: readonly Machine[], resources: readonly StateResource[]): string | undefined {
  const gone = machinesIn(resources).filter(({ name }) => !machines.some((machine) => machine.name === name));
  const [renamed] = gone.flatMap(({ name, docker }) => {
    const now = machines.find((machine) => machine.docker === docker);
    return now ? [{ name, now: now.name }] : [];
  });
  return (
    renamed &&
    `machines: ${renamed.now} has the engine of ${renamed.name}; expected the name ${renamed.name}, or first a deployment ` +
      `without that machine, and then one with ${renamed.now}.`
  );
}

/**
 * Explains why the machines of a stack may not change so that data would stay on a machine where nothing looks for it: Airflow would
 * start with an empty database. Nor may a machine get another name.
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
  const renamed = renamedFault(machines, resources);
  if (renamed !== undefined || settings.postgres.url !== undefined) return renamed;
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
