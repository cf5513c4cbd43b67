import { counted } from "../../schema/machines.ts";
import { defaultWorkers } from "../../schema/workers.ts";
import { type CountInputs, groupName, triggererName } from "../groups.ts";
import { ownVolumes } from "./ownNames.ts";

/** A name composed of names of a stack, with the part of the stack that it belongs to. */
interface Composed {
  readonly name: string;
  /** Description of that part, for errors: `group gpu on machine big`. */
  readonly from: string;
  /** Path of the name to change if two composed names are equal; empty for a name that cannot be changed. */
  readonly path: readonly PropertyKey[];
}

/** A service of workers, or of triggerers. */
interface NumberedService extends Composed {
  readonly unit: "worker" | "triggerer";
  readonly count: number;
  readonly isScaled: boolean;
}

/** Lists the services of all groups of workers. */
export function workerServices(parsed: CountInputs): NumberedService[] {
  const { machines, workers = defaultWorkers, workerAutoscale, workerGroups } = parsed;
  const unit = "worker" as const;
  const onMachines = (group: string, path: (at: number) => readonly PropertyKey[], of: string) =>
    (machines ?? []).flatMap((machine, at): NumberedService[] => {
      const { [group]: count } = counted(machine);
      const name = groupName(group, machine.name);
      const from = `${of} on machine ${machine.name}`;
      return count === undefined ? [] : [{ unit, name, from, path: path(at), count, isScaled: false }];
    });
  const others = workerGroups.flatMap(({ name, workers = 1, autoscale }, at): NumberedService[] => {
    const path = ["workerGroups", at, "name"];
    const from = `group ${name}`;
    const placed = onMachines(name, () => path, from);
    if (placed.length > 0) return placed;
    const count = autoscale?.max ?? workers;
    return [{ unit, name: groupName(name), from, path, count, isScaled: autoscale !== undefined }];
  });
  const byDefault = machines
    ? onMachines("default", (at) => ["machines", at, "name"], "the default group")
    : [
        {
          unit,
          name: groupName("default"),
          from: "the default group",
          path: ["workers"],
          count: workerAutoscale?.max ?? workers,
          isScaled: workerAutoscale !== undefined,
        },
      ];
  return [...byDefault, ...others];
}

/** Lists the services of groups' triggerers; no group has a name that would make its service one of the stack's triggerers. */
function triggererServices({ workerGroups }: Pick<CountInputs, "workerGroups">): NumberedService[] {
  return workerGroups.flatMap(({ name, triggerers: count }, at): NumberedService[] => {
    const path = ["workerGroups", at, "name"];
    const service = { unit: "triggerer" as const, from: `group ${name}`, path, isScaled: false };
    return count === undefined ? [] : [{ ...service, name: triggererName(name), count }];
  });
}

/** Lists the services of all groups. */
export function groupServices(parsed: CountInputs): NumberedService[] {
  return [...workerServices(parsed), ...triggererServices(parsed)];
}

/** Lists the names that a service takes: the service's, its instances' and its autoscaler's. */
export function composedNames(service: NumberedService): Composed[] {
  const { unit, name, count, isScaled, path } = service;
  const instances = Array.from({ length: count }, (_, at) => ({
    name: `${name}-${at + 1}`,
    from: `${unit} ${at + 1} of ${service.from}`,
    path,
  }));
  const scaling = { name: `${name}-keda`, from: `the scaling of ${service.from}`, path };
  return [service, ...instances, ...(isScaled ? [scaling] : [])];
}

interface VolumeInputs {
  readonly machines?: readonly { readonly name: string }[] | undefined;
  readonly roles: Readonly<Record<string, { readonly volumes: Readonly<Record<string, string>> }>>;
}

/**
 * Lists the volumes of a stack on Docker; on every machine but the first, their names end with the machine's name. Other
 * rules report a volume with the name of one of the stack's own.
 */
export function volumeNames({ machines = [], roles }: VolumeInputs): Composed[] {
  const ownNames: readonly string[] = [...ownVolumes, "data"];
  const volumes = ownNames.map((name) => ({ name, from: `the stack's volume ${name}`, path: [] }));
  const given = Object.entries(roles).flatMap(([role, { volumes }]) =>
    Object.entries(volumes)
      .filter(([, name]) => !name.startsWith("/") && !ownNames.includes(name))
      .map(([at, name]) => ({ name, from: `volume ${name}`, path: ["roles", role, "volumes", at] })),
  );
  const all = [...volumes, ...given];
  const away = machines.slice(1).flatMap((machine) =>
    all.map(({ name, from, path }) => ({
      name: `${name}-${machine.name}`,
      from: `${from} on machine ${machine.name}`,
      path,
    })),
  );
  return [...all, ...away];
}

/** Lists the names that an earlier part of the stack has taken already, each with that part. */
export function clashesOf(names: readonly Composed[]): (readonly [later: Composed, first: Composed])[] {
  const first = new Map<string, Composed>();
  return names.flatMap((composed) => {
    const known = first.get(composed.name);
    if (!known) first.set(composed.name, composed);
    return known && known.from !== composed.from ? [[composed, known] as const] : [];
  });
}
