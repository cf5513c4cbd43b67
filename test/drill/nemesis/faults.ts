import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "../../../tools/lib/process.ts";
import * as network from "../../live/lib/network.ts";
import type { KindName } from "../plan/kinds.ts";
import type { PlannedFault } from "../plan/schedule.ts";
import type { Deployer } from "./deploying.ts";
import { fill, unfill } from "./disk.ts";
import type { Levers } from "./levers.ts";
import { exhaustMemory } from "./memory.ts";
import { mainOf, signal, stateOf, treeOf } from "./processes.ts";

/** Means by which faults are carried out on a deployment. */
export interface Hands {
  readonly levers: Levers;
  /** Undefined for a deployment that is never deployed again. */
  readonly deployer?: Deployer;
}

/** Carries out a fault until it is over; returns evidence that it happened. */
type Act = (fault: PlannedFault, hands: Hands) => Promise<string>;

const wait = (seconds: number) => sleep(seconds * 1000);

async function main(levers: Levers, instance: string): Promise<number> {
  const pid = mainOf(await levers.container(instance));
  if (pid === undefined) throw new Error(`${instance} has no main process; expected a running container`);
  return pid;
}

/** Finds the main process of an instance, to undo a fault; undefined if it is gone. */
function mainIfAny(levers: Levers, instance: string): Promise<number | undefined> {
  return levers.container(instance).then(mainOf, () => undefined);
}

async function startedAgain(levers: Levers, instance: string, before: string): Promise<string> {
  const after = await waitFor(
    `${instance} to be started again`,
    60,
    async () => {
      const now = await levers.start(instance).catch(() => before);
      return now !== before && (await mainIfAny(levers, instance)) !== undefined ? now : undefined;
    },
    0.2,
  );
  return `started ${before}, again ${after}`;
}

const kill: Act = async ({ target }, { levers }) => {
  const before = await levers.start(target);
  signal([await main(levers, target)], "SIGKILL");
  return startedAgain(levers, target, before);
};

const restart: Act = async ({ target }, { levers }) => {
  const before = await levers.start(target);
  await levers.restart(target);
  return startedAgain(levers, target, before);
};

const leave =
  (how: "stopped" | "killed"): Act =>
  async ({ target, seconds }, { levers }) => {
    await levers.take(target, how);
    const seen = await levers.away(target);
    await wait(seconds);
    await levers.give(target);
    if (seen === undefined) throw new Error(`${target} was still running after it was ${how}`);
    return seen;
  };

const freeze: Act = async ({ target, seconds }, { levers }) => {
  const pids = treeOf(await levers.container(target));
  // Parents first: a running parent could start a child that stays running.
  signal(pids, "SIGSTOP");
  await wait(seconds / 2);
  const stopped = pids.filter((pid) => stateOf(pid) === "T").length;
  await wait(seconds / 2);
  signal(pids, "SIGCONT");
  if (stopped === 0) throw new Error(`none of ${pids.length} processes of ${target} was stopped`);
  return `${stopped} of ${pids.length} processes stopped`;
};

const pause: Act = async ({ target, seconds }, { levers }) => {
  await levers.pause(target);
  const seen = await levers.paused(target);
  await wait(seconds);
  await levers.unpause(target);
  if (seen === "") throw new Error(`${target} was not paused; its platform says that it runs`);
  return seen;
};

/** Seconds by which a loss is prolonged at most, until a packet is lost. */
const mostQuiet = 60;

/** Drops some or all packets of a container for the fault's duration; returns their number, in words. */
async function losing(
  levers: Levers,
  { target, seconds }: PlannedFault,
  loss: network.Loss,
): Promise<string> {
  const pid = await main(levers, target);
  await network.dropPackets(pid, loss);
  await wait(seconds);
  const count = () => network.droppedPackets(pid).catch(() => undefined);
  let dropped = await count();
  // A role that is just starting has sent nothing yet.
  for (let more = 0; dropped === 0 && more < mostQuiet; more++) {
    await wait(1);
    dropped = await count();
  }
  const now = await mainIfAny(levers, target);
  if (now !== undefined) await network.passPackets(now, loss);
  // A restarted container has a new network, without the count.
  if (dropped === undefined || now !== pid) return "restarted while packets were dropped";
  if (dropped === 0) throw new Error(`no packet of ${target} was dropped`);
  return `${dropped} packets dropped`;
}

const drop: Act = async (fault, { levers }) => {
  const { target, peer } = fault;
  const peers = peer === undefined ? [] : await levers.addresses(target, peer);
  if (peer !== undefined && peers.length === 0) throw new Error(`${target} finds no address of ${peer}`);
  return losing(levers, fault, { peers, share: 1 });
};

const halfOpen: Act = async ({ target, seconds }, { levers }) => {
  const all = { peers: [], share: 1 };
  const before = await levers.start(target);
  const pid = await main(levers, target);
  await network.dropPackets(pid, all);
  await wait(seconds);
  const dropped = await network.droppedPackets(pid);
  signal([pid], "SIGKILL");
  const seen = await startedAgain(levers, target, before);
  await network.passPackets(await main(levers, target), all);
  if (dropped === 0) throw new Error(`no packet of ${target} was dropped`);
  return `${dropped} packets dropped; ${seen}`;
};

/** Share of packets to drop where netem cannot delay them: TCP resends each after 200 ms or more. */
const lossy = 0.2;

const delay: Act = async (fault, { levers }) => {
  const { target, seconds } = fault;
  const pid = await main(levers, target);
  try {
    await network.delayPackets(pid);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[1] : error;
    const seen = await losing(levers, fault, { peers: [], share: lossy });
    return `${seen} to be resent, as netem cannot delay them (${why})`;
  }
  await wait(seconds);
  const delayed = await network.delayedPackets(pid);
  const now = await mainIfAny(levers, target);
  if (now !== undefined) await network.undelayPackets(now);
  if (delayed === 0) throw new Error(`no packet of ${target} was delayed`);
  return `${delayed} packets delayed`;
};

const diskFull: Act = async ({ target, seconds }, { levers }) => {
  const directory = await levers.disk(target);
  if (directory === undefined) throw new Error(`${target} has no separate disk to fill`);
  try {
    const seen = fill(directory);
    await wait(seconds);
    return seen;
  } finally {
    unfill(directory);
  }
};

const lost: Act = async ({ target, seconds }, { levers }) => {
  const restore = await levers.cutPower(target);
  await wait(seconds);
  const seen = await restore();
  if (seen === "") throw new Error(`${target} was still running after its power was cut`);
  return seen;
};

const deploying =
  (how: (deployer: Deployer, fault: PlannedFault) => Promise<string>): Act =>
  async (fault, { deployer }) => {
    if (!deployer) throw new Error(`${fault.kind} needs a deployment that can be deployed again`);
    return how(deployer, fault);
  };

export const acts: Readonly<Record<KindName, Act>> = {
  kill,
  dead: leave("killed"),
  freeze,
  pause,
  restart,
  drop,
  halfOpen,
  delay,
  diskFull,
  away: leave("stopped"),
  outOfMemory: ({ target }, { levers }) => exhaustMemory(levers, target),
  scaleUp: deploying((deployer) => deployer.scale(1)),
  scaleDown: deploying((deployer) => deployer.scale(-1)),
  change: deploying((deployer) => deployer.change()),
  upKilled: deploying((deployer, { seconds }) => deployer.killed(seconds)),
  lost,
};
