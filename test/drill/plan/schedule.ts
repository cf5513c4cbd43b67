import { type Aim, type Kind, type KindName, kinds, kindsOn, type PlatformName } from "./kinds.ts";
import { type Random, random } from "./random.ts";

/** Planned fault. */
export interface PlannedFault {
  readonly kind: KindName;
  readonly aim: Aim;
  /** Name of the instance or machine; `deployment` for faults that deploy. */
  readonly target: string;
  /** For dropped packets: the role at the other end; undefined for all roles. */
  readonly peer?: string;
  /** Seconds of calm before the fault, since the end of the previous one or the start of the workload. */
  readonly after: number;
  /** Duration in seconds; 0 if the kind has none. */
  readonly seconds: number;
}

/** Names of a deployment's parts that faults can hit. */
export type Layout = Readonly<Record<Aim, readonly string[]>>;

/** Lays out a stack on any platform: each control role has one instance. */
export function layoutOf(worker: readonly string[], machine: readonly string[]): Layout {
  return {
    worker,
    broker: ["redis"],
    database: ["postgres"],
    webserver: ["webserver"],
    scheduler: ["scheduler"],
    triggerer: ["triggerer"],
    deployment: ["deployment"],
    machine,
  };
}

/** Limits of a schedule. */
export interface ScheduleLimits {
  readonly platform: PlatformName;
  readonly layout: Layout;
  /** Number of faults. */
  readonly count: number;
  /** Longest duration of a fault in seconds, unless its kind's shortest is longer. */
  readonly longest: number;
  /** Shortest and longest calm between the end of a fault and the next one, in seconds. */
  readonly calm: readonly [number, number];
}

/** Seconds from the start of the workload to the first fault: tasks run by then. */
const leadSeconds = 12;

const tenths = (seconds: number) => Math.round(seconds * 10) / 10;

/** Step through the kinds: coprime with their number on every platform, and spreads the slow ones that deploy. */
const stride = 11;

/** Deals kinds in turn, so that neighbouring seeds cover all of them. */
function dealt(seed: number, count: number, all: readonly KindName[]): KindName[] {
  return Array.from({ length: count }, (_, at) => {
    const name = all[((seed * count + at) * stride) % all.length];
    if (name === undefined) throw new Error("The platform has no kind of fault; expected at least one.");
    return name;
  });
}

function faultOf(
  name: KindName,
  after: number,
  { platform, layout, longest }: ScheduleLimits,
  chance: Random,
): PlannedFault {
  const kind: Kind = kinds[name];
  const aim = chance.pick(kind.aims.filter((one) => layout[one].length > 0));
  const [least, most] = kind.seconds ?? [0, 0];
  const seconds = most === 0 ? 0 : tenths(chance.between(least, Math.max(least, Math.min(most, longest))));
  const peers = [...layout.webserver, ...layout.broker, undefined];
  const peer = name === "drop" ? chance.pick(peers.map((one) => ({ one }))).one : undefined;
  return {
    kind: name,
    aim,
    target: chance.pick(layout[aim]),
    // On machines, all control roles are behind one gateway's address, so that none can be cut off alone.
    ...(peer !== undefined && platform !== "machines" && { peer }),
    after,
    seconds,
  };
}

/** Returns the change in the number of workers that a kind of fault makes. */
function workersAdded(name: KindName): number {
  return name === "scaleUp" ? 1 : name === "scaleDown" ? -1 : 0;
}

/** Plans the faults of a seed, one after the other, with calm between them. */
export function scheduleOf(seed: number, shape: ScheduleLimits): readonly PlannedFault[] {
  const chance = random(seed);
  const order = chance.shuffled(dealt(seed, shape.count, kindsOn(shape.platform)));
  let workers = shape.layout.worker.length;
  return order.map((name, at) => {
    const after = at === 0 ? leadSeconds : tenths(chance.between(...shape.calm));
    // A worker that was scaled away cannot be hit; the last one stays.
    const layout = { ...shape.layout, worker: shape.layout.worker.slice(0, workers) };
    workers = Math.max(1, workers + workersAdded(name));
    return faultOf(name, after, { ...shape, layout }, chance);
  });
}

/** Estimates the seconds from the start of the workload to the end of the last fault. */
export function lengthOf(faults: readonly PlannedFault[]): number {
  const lengths = faults.map(
    ({ kind, after, seconds }) => after + seconds + ((kinds[kind] as Kind).takes ?? 0),
  );
  return lengths.reduce((sum, one) => sum + one, 0);
}

/** Schedules some faults of a schedule, each at about its original time: its harm depends on the tasks that run then. */
export function inTime(all: readonly PlannedFault[], some: readonly PlannedFault[]): readonly PlannedFault[] {
  const endOf = (fault: PlannedFault) => lengthOf(all.slice(0, all.indexOf(fault) + 1));
  return some.map((fault, at) => {
    const before = some[at - 1];
    const start = endOf(fault) - lengthOf([{ ...fault, after: 0 }]);
    return { ...fault, after: tenths(start - (before ? endOf(before) : 0)) };
  });
}

/** Describes a fault in words. */
export function descriptionOf({ kind, target, peer, seconds, after }: PlannedFault): string {
  const length = seconds > 0 ? ` for ${seconds} s` : "";
  return `${after} s later: ${kind} ${target}${peer === undefined ? "" : ` from ${peer}`}${length}`;
}
