import { run } from "../../../tools/lib/process.ts";

/** Runs a command in the network namespace of a process. */
function within(pid: number, ...command: string[]): Promise<string> {
  return run("nsenter", ["--target", String(pid), "--net", ...command]);
}

type Rule = readonly string[];

/** Packets to drop. */
export interface Loss {
  /** Addresses of the other end; if empty, all except the container's own. */
  readonly peers: readonly string[];
  /** Share of packets to drop, from 0 to 1. */
  readonly share: number;
}

function rules({ peers, share }: Loss): Rule[] {
  const directions = [
    ["INPUT", "--in-interface", "--source"],
    ["OUTPUT", "--out-interface", "--destination"],
  ] as const;
  const some = share < 1 ? ["--match", "statistic", "--mode", "random", "--probability", String(share)] : [];
  return directions.flatMap(([chain, by, side]) => {
    const outside = [chain, "!", by, "lo"];
    const from = peers.length === 0 ? [outside] : peers.map((peer) => [...outside, side, peer]);
    return from.map((rule) => [...rule, ...some, "--jump", "DROP"]);
  });
}

export async function dropPackets(pid: number, loss: Loss): Promise<void> {
  for (const rule of rules(loss)) await within(pid, "iptables", "--wait", "--append", ...rule);
}

/** Number of packets dropped so far. */
export async function droppedPackets(pid: number): Promise<number> {
  const listed = await within(pid, "iptables", "--wait", "--list", "--verbose", "--exact", "--numeric");
  const counts = [...listed.matchAll(/^\s*(\d+)\s+\d+\s+DROP\s/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Drops what a client in the container itself sends from a port, its farewell included. */
export async function silenceClient(pid: number, port: string): Promise<void> {
  const fromPort = ["--in-interface", "lo", "--protocol", "tcp", "--source-port", port];
  await within(pid, "iptables", "--wait", "--append", "INPUT", ...fromPort, "--jump", "DROP");
}

/** Stops dropping packets. A container that was replaced has a network without such rules. */
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
 * Delays packets that a container sends, by 200 ms ± 100 ms.
 * @throws Error where the kernel has no netem
 */
export async function delayPackets(pid: number): Promise<void> {
  for (const name of await interfaces(pid))
    await within(pid, "tc", "qdisc", "replace", "dev", name, "root", "netem", "delay", "200ms", "100ms");
}

/** Counts the packets delayed so far. */
export async function delayedPackets(pid: number): Promise<number> {
  const statistics = await within(pid, "tc", "-statistics", "qdisc", "show");
  const counts = [...statistics.matchAll(/qdisc netem.*\n.* (\d+) pkt /g)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

export async function undelayPackets(pid: number): Promise<void> {
  for (const name of await interfaces(pid))
    await within(pid, "tc", "qdisc", "delete", "dev", name, "root").catch(() => {});
}
