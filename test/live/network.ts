import { run } from "../../tools/lib/process.ts";

/** Runs a command in the network of a process. */
function within(pid: number, ...command: string[]): Promise<string> {
  return run("nsenter", ["--target", String(pid), "--net", ...command]);
}

type Rule = readonly string[];

/** How packets are dropped. */
export interface Loss {
  /** Addresses that they come from or go to; without any all but the container's own. */
  readonly peers: readonly string[];
  /** The share of them, from 0 to 1. */
  readonly share: number;
}

function rules({ peers, share }: Loss): Rule[] {
  const ways = [
    ["INPUT", "--in-interface", "--source"],
    ["OUTPUT", "--out-interface", "--destination"],
  ] as const;
  const some = share < 1 ? ["--match", "statistic", "--mode", "random", "--probability", String(share)] : [];
  return ways.flatMap(([chain, by, side]) => {
    const outside = [chain, "!", by, "lo"];
    const from = peers.length === 0 ? [outside] : peers.map((peer) => [...outside, side, peer]);
    return from.map((rule) => [...rule, ...some, "--jump", "DROP"]);
  });
}

export async function dropPackets(pid: number, loss: Loss): Promise<void> {
  for (const rule of rules(loss)) await within(pid, "iptables", "--wait", "--append", ...rule);
}

/** Packets that were dropped until now. */
export async function droppedPackets(pid: number): Promise<number> {
  const listed = await within(pid, "iptables", "--wait", "--list", "--verbose", "--exact", "--numeric");
  const counts = [...listed.matchAll(/^\s*(\d+)\s+\d+\s+DROP\s/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Lets them pass again. A container that was made anew has a network without such rules. */
export async function passPackets(pid: number, loss: Loss): Promise<void> {
  for (const rule of rules(loss))
    await within(pid, "iptables", "--wait", "--delete", ...rule).catch(() => {});
}

async function interfaces(pid: number): Promise<string[]> {
  const links = await within(pid, "ip", "-brief", "link");
  const names = links.split("\n").map((line) => line.split(/[\s@]/)[0] ?? "");
  return names.filter((name) => !["", "lo"].includes(name));
}

/**
 * Delays what a container sends, by 200 ms and more.
 * @throws Error where the kernel has no netem
 */
export async function delayPackets(pid: number): Promise<void> {
  for (const name of await interfaces(pid))
    await within(pid, "tc", "qdisc", "replace", "dev", name, "root", "netem", "delay", "200ms", "100ms");
}

/** Packets that were delayed until now. */
export async function delayedPackets(pid: number): Promise<number> {
  const told = await within(pid, "tc", "-statistics", "qdisc", "show");
  const counts = [...told.matchAll(/qdisc netem.*\n.* (\d+) pkt /g)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

export async function undelayPackets(pid: number): Promise<void> {
  for (const name of await interfaces(pid))
    await within(pid, "tc", "qdisc", "delete", "dev", name, "root").catch(() => {});
}
