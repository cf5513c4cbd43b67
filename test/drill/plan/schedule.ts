import { type Aim, type Kind, type KindName, kinds, kindsOn, type PlatformName } from "./kinds.ts";
import { type Random, random } from "./random.ts";

/** A fault that is to happen. */
export interface Fault {
  readonly kind: KindName;
  readonly aim: Aim;
  /** Name of the instance; of a machine, its own; `deployment` for what deploys. */
  readonly target: string;
  /** For dropped packets: the role that they come from and go to; without it all others. */
  readonly peer?: string;
  /** Seconds of calm before it: since the end of the fault before, or since the start of the workload. */
  readonly after: number;
  /** How long it lasts, in seconds; 0 for what has no length of its own. */
  readonly seconds: number;
}

/** The names by which a deployment's parts can be hit. */
export type Layout = Readonly<Record<Aim, readonly string[]>>;

/** The layout of a stack on any platform: each of its control roles has one instance. */
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

export interface Shape {
  readonly platform: PlatformName;
  readonly layout: Layout;
  /** How many faults. */
  readonly count: number;
  /** No fault lasts longer than so many seconds, unless its kind is never shorter. */
  readonly longest: number;
  /** The shortest and the longest time between the end of a fault and the next one, in seconds. */
  readonly calm: readonly [number, number];
}

/** Seconds between the start of the workload and the first fault: tasks run by then. */
const lead = 12;

const tenths = (seconds: number) => Math.round(seconds * 10) / 10;

/** Has no divisor in common with the number of kinds of any platform, and sets those that deploy, which take long, apart. */
const stride = 11;

/** Kinds are dealt in turn, so that neighbouring seeds have all of them. */
function dealt(seed: number, count: number, all: readonly KindName[]): KindName[] {
  return Array.from({ length: count }, (_, at) => {
    const name = all[((seed * count + at) * stride) % all.length];
    if (name === undefined) throw new Error("There is no kind of fault.");
    return name;
  });
}

function faultOf(name: KindName, after: number, { layout, longest }: Shape, chance: Random): Fault {
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
    ...(peer !== undefined && { peer }),
    after,
    seconds,
  };
}

/** Workers that there are more after a fault. */
function scales(name: KindName): number {
  return name === "scaleUp" ? 1 : name === "scaleDown" ? -1 : 0;
}

/** The faults of a seed, one after the other, with calm between them. */
export function scheduleOf(seed: number, shape: Shape): readonly Fault[] {
  const chance = random(seed);
  const order = chance.shuffled(dealt(seed, shape.count, kindsOn(shape.platform)));
  let workers = shape.layout.worker.length;
  return order.map((name, at) => {
    const after = at === 0 ? lead : tenths(chance.between(...shape.calm));
    // A worker that was scaled away cannot be hit; the last one stays.
    const layout = { ...shape.layout, worker: shape.layout.worker.slice(0, workers) };
    workers = Math.max(1, workers + scales(name));
    return faultOf(name, after, { ...shape, layout }, chance);
  });
}

/** Seconds from the start to the end of the last fault, about. */
export function lengthOf(faults: readonly Fault[]): number {
  const lengths = faults.map(
    ({ kind, after, seconds }) => after + seconds + ((kinds[kind] as Kind).takes ?? 0),
  );
  return lengths.reduce((sum, one) => sum + one, 0);
}

/** A fault as people read it. */
export function described({ kind, target, peer, seconds, after }: Fault): string {
  const length = seconds > 0 ? ` for ${seconds} s` : "";
  return `${after} s later: ${kind} ${target}${peer === undefined ? "" : ` from ${peer}`}${length}`;
}
