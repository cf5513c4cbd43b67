import type { Target } from "../../live/targets/target.ts";

export type PlatformName = Target["name"];

/** Parts of a deployment that faults hit. */
export type Aim =
  | "worker"
  | "broker"
  | "database"
  | "webserver"
  | "scheduler"
  | "triggerer"
  | "deployment"
  | "machine";

/** Attempts that a fault may end: none, or those on the workers that it hits. */
export type Costs = "nobody" | "hit";

/** Limits on the effects of a fault. */
export interface Pledge {
  readonly costs: Costs;
  /** A fault of at most this many seconds ends no attempt, whatever `costs` says. */
  readonly spares: number;
  /** Seconds after the end of the fault within which everything serves again. */
  readonly recovers: number;
  /** Seconds for which a given-up attempt may go on once its frozen worker thaws. */
  readonly lingers: number;
}

/** Kind of fault. */
export interface Kind {
  /** Effect of the fault in words, for the report. */
  readonly does: string;
  readonly aims: readonly Aim[];
  /** Shortest and longest duration in seconds; unset if it is instantaneous or has no set duration. */
  readonly seconds?: readonly [number, number];
  /** Approximate seconds that the fault takes in addition to `seconds`. */
  readonly takes?: number;
  readonly platforms: readonly PlatformName[];
  /** Limits that hold when the fault hits this aim; `peer` is the role that the aim is cut off from. */
  readonly pledge: (aim: Aim, peer?: string) => Pledge;
}

const everywhere = ["docker", "kubernetes", "machines"] as const;
const control = ["broker", "database", "webserver", "scheduler", "triggerer"] as const;

/** Seconds of silence after which a worker counts as dead. */
const deadAfter = 15;

const nobody: Pledge = { costs: "nobody", spares: 0, recovers: 45, lingers: 0 };
const hit: Pledge = { costs: "hit", spares: 0, recovers: 45, lingers: 0 };

/** Losing a worker ends what ran there; losing a control role ends nothing. */
const atWorker = (aim: Aim): Pledge => (aim === "worker" ? hit : nobody);

/** A worker that stays silent counts as dead, and may still run tasks that others have taken over. */
const silent =
  (lingers: number) =>
  (aim: Aim): Pledge =>
    aim === "worker" ? { ...hit, spares: deadAfter, lingers } : nobody;

/** Seconds that a thawed supervisor may take to notice that the attempt it runs was given up. */
const noticeSeconds = 5;

export const kinds = {
  kill: {
    does: "all processes killed; the platform starts them again",
    aims: ["worker", ...control],
    takes: 5,
    platforms: everywhere,
    pledge: atWorker,
  },
  dead: {
    does: "a worker killed, and started again later",
    aims: ["worker"],
    seconds: [5, 60],
    platforms: ["docker", "machines"],
    pledge: () => hit,
  },
  freeze: {
    does: "all processes stopped (SIGSTOP), and continued later",
    aims: ["worker", ...control],
    seconds: [3, 90],
    platforms: everywhere,
    pledge: silent(noticeSeconds),
  },
  pause: {
    does: "the container paused, and continued later",
    aims: ["worker", ...control],
    seconds: [3, 90],
    platforms: everywhere,
    pledge: silent(noticeSeconds),
  },
  restart: {
    does: "restarted gracefully",
    aims: ["worker", ...control],
    takes: 15,
    platforms: everywhere,
    pledge: () => nobody,
  },
  drop: {
    does: "packets between a worker and one role, or all others, dropped",
    aims: ["worker"],
    seconds: [5, 60],
    platforms: everywhere,
    // A worker counts as alive if either the webserver or the broker hears from it.
    pledge: (aim, peer) => (peer === undefined ? silent(0)(aim) : nobody),
  },
  halfOpen: {
    does: "cut off, then restarted without closing its connections to clients",
    aims: ["broker", "database", "webserver"],
    seconds: [2, 10],
    takes: 15,
    platforms: everywhere,
    pledge: () => nobody,
  },
  delay: {
    does: "packets delayed",
    aims: ["worker", "broker", "database", "webserver"],
    seconds: [5, 40],
    platforms: everywhere,
    pledge: () => nobody,
  },
  diskFull: {
    does: "the disk with its data full",
    aims: ["broker", "database"],
    seconds: [5, 40],
    platforms: ["docker"],
    pledge: () => nobody,
  },
  away: {
    does: "stopped, and started again later",
    aims: ["broker", "database"],
    seconds: [1, 120],
    platforms: everywhere,
    pledge: () => nobody,
  },
  outOfMemory: {
    does: "its memory used up until the kernel kills its processes",
    aims: ["worker"],
    takes: 10,
    platforms: everywhere,
    pledge: () => hit,
  },
  scaleUp: {
    does: "a deployment with one worker more",
    aims: ["deployment"],
    takes: 25,
    platforms: everywhere,
    pledge: () => nobody,
  },
  scaleDown: {
    does: "a deployment with one worker fewer",
    aims: ["deployment"],
    takes: 30,
    platforms: everywhere,
    pledge: () => nobody,
  },
  change: {
    does: "a deployment with a setting that reaches all roles",
    aims: ["deployment"],
    takes: 60,
    platforms: everywhere,
    pledge: () => nobody,
  },
  upKilled: {
    does: "a deployment killed midway, then repeated",
    aims: ["deployment"],
    seconds: [1.5, 10],
    takes: 50,
    platforms: everywhere,
    pledge: () => nobody,
  },
  lost: {
    does: "a machine's power cut, and restored later",
    aims: ["machine"],
    seconds: [1, 30],
    takes: 20,
    platforms: everywhere,
    pledge: () => ({ ...hit, recovers: 90 }),
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

/** Lists the kinds that a platform supports, in a fixed order. */
export function kindsOn(platform: PlatformName): readonly KindName[] {
  const names = Object.keys(kinds) as KindName[];
  return names.filter((name) => (kinds[name] as Kind).platforms.includes(platform));
}
