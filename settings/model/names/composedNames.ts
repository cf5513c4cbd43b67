import { counted } from "../../schema/machines.ts";
import { defaultWorkers } from "../../schema/workers.ts";
import { type Counting, groupName } from "../groups.ts";
import { ownVolumes } from "./ownNames.ts";

/** A name that is put together from names of a stack, and the part that it comes from. */
export interface Composed {
  readonly name: string;
  /** Part of the stack, for people to read. */
  readonly from: string;
  /** Path of the name in the stack that is easiest to change. */
  readonly path: readonly PropertyKey[];
}

/** A service of workers. */
export interface WorkerService extends Composed {
  readonly count: number;
  readonly isScaled: boolean;
}

/** Lists the services of all workers. */
export function workerServices(parsed: Counting): WorkerService[] {
  const { machines, workers = defaultWorkers, workerAutoscale, workerGroups } = parsed;
  const onMachines = (group: string, path: (at: number) => readonly PropertyKey[], of: string) =>
    (machines ?? []).flatMap((machine, at): WorkerService[] => {
      const { [group]: count } = counted(machine);
      const name = groupName(group, machine.name);
      const from = `${of} on machine ${machine.name}`;
      return count === undefined ? [] : [{ name, from, path: path(at), count, isScaled: false }];
    });
  const others = workerGroups.flatMap(({ name, workers = 1, autoscale }, at): WorkerService[] => {
    const path = ["workerGroups", at, "name"];
    const from = `group ${name}`;
    const placed = onMachines(name, () => path, from);
    if (placed.length > 0) return placed;
    const count = autoscale?.max ?? workers;
    return [{ name: groupName(name), from, path, count, isScaled: autoscale !== undefined }];
  });
  const own = machines
    ? onMachines("default", (at) => ["machines", at, "name"], "the default group")
    : [
        {
          name: groupName("default"),
          from: "the default group",
          path: ["workers"],
          count: workerAutoscale?.max ?? workers,
          isScaled: workerAutoscale !== undefined,
        },
      ];
  return [...own, ...others];
}

/** Lists the names that a service of workers takes: its own, those of its instances, and that of its scaling. */
export function namesOf(service: WorkerService): Composed[] {
  const { name, count, isScaled, path } = service;
  const instances = Array.from({ length: count }, (_, at) => ({
    name: `${name}-${at + 1}`,
    from: `worker ${at + 1} of ${service.from}`,
    path,
  }));
  const scaling = { name: `${name}-keda`, from: `the scaling of ${service.from}`, path };
  return [service, ...instances, ...(isScaled ? [scaling] : [])];
}

interface Mounting {
  readonly machines?: readonly { readonly name: string }[] | undefined;
  readonly roles: Readonly<Record<string, { readonly volumes: Readonly<Record<string, string>> }>>;
}

/** Lists the volumes of a stack on Docker: those on other machines than the first have its name as a suffix. */
export function volumeNames({ machines = [], roles }: Mounting): Composed[] {
  const own = [...ownVolumes, "data"].map((name) => ({ name, from: `the stack's volume ${name}`, path: [] }));
  const given = Object.entries(roles).flatMap(([role, { volumes }]) =>
    Object.entries(volumes)
      .filter(([, name]) => !name.startsWith("/") && name !== "data")
      .map(([at, name]) => ({ name, from: `volume ${name}`, path: ["roles", role, "volumes", at] })),
  );
  const all = [...own, ...given];
  const away = machines.slice(1).flatMap((machine) =>
    all.map(({ name, from, path }) => ({
      name: `${name}-${machine.name}`,
      from: `${from} on machine ${machine.name}`,
      path,
    })),
  );
  return [...all, ...away];
}

/** Finds the names that two different parts take, each with the part that has it first. */
export function clashesOf(names: readonly Composed[]): (readonly [later: Composed, first: Composed])[] {
  const first = new Map<string, Composed>();
  return names.flatMap((composed) => {
    const known = first.get(composed.name);
    if (!known) first.set(composed.name, composed);
    return known && known.from !== composed.from ? [[composed, known] as const] : [];
  });
}
