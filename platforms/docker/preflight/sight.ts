import { readFileSync } from "node:fs";
import { type Answer, askEngine } from "../../ask.ts";
import type { Machine } from "../../machines.ts";
import { kernelPort, type Port } from "./rules.ts";

const script = readFileSync(new URL("inspect-machine.sh", import.meta.url), "utf8");

/** Time limits in seconds for a container on a machine that may be starting all of a stack's after a boot, or has to pull the image. */
const startSeconds = { never: 120, missing: 600 };

/**
 * Inspects a machine with a container on its engine, unconfined: under AppArmor no capability reveals a socket's owner.
 * @param pull whether the image may be fetched
 */
export function askSight(
  machine: Machine | undefined,
  image: string,
  pull: "never" | "missing",
  ports: readonly Port[],
): Promise<Answer> {
  const inspection = [
    ["run", "--rm", "--pull", pull, "--network", "host", "--pid", "host", "--userns", "host"],
    ["--user", "0", "--cap-drop", "ALL", "--cap-add", "DAC_READ_SEARCH", "--cap-add", "SYS_PTRACE"],
    ["--read-only", "--security-opt", "no-new-privileges", "--security-opt", "apparmor=unconfined"],
    ["--entrypoint", "sh", image, "-c", script, "inspect", ...ports.map(({ port }) => kernelPort(port))],
  ];
  return askEngine(machine, inspection.flat(), startSeconds[pull]);
}
