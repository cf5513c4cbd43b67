import { docker } from "../live/targets/docker.ts";

/** Running containers of a deployment. */
export interface Containers {
  names(): Promise<readonly string[]>;
  /** Runs a script in a container; returns its standard output. */
  run(name: string, script: string): Promise<string>;
}

/** Returns the containers of the local engine whose names start with `prefix`. */
export function dockerContainers(prefix: string): Containers {
  const run = (name: string, script: string) => docker("exec", name, "sh", "-c", script);
  const names = async () => {
    const found = await docker("ps", "--filter", `name=^/${prefix}`, "--format", "{{.Names}}");
    return found.trim().split("\n").sort();
  };
  return { names, run };
}

function readEach(containers: Containers, names: readonly string[], script: string): Promise<string[]> {
  return Promise.all(names.map((name) => containers.run(name, script)));
}

function sum(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + Number(text), 0);
}

// Cgroups version 1 has a file for each figure; version 2 counts microseconds, and has no prefixes.
const cpuNanoseconds =
  "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2> /dev/null || sed -n 's/usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat";
const bytes = `
cd /sys/fs/cgroup
if [ -e memory/memory.stat ]; then used=memory/memory.usage_in_bytes stat=memory/memory.stat; else used=memory.current stat=memory.stat; fi
cache=$(sed -n 's/^total_inactive_file //p' $stat)
echo $(($(cat $used) - \${cache:-$(sed -n 's/^inactive_file //p' $stat)}))`;

/** CPU seconds that containers have used since their start, including health checks. */
export async function cpuSeconds(containers: Containers, names: readonly string[]): Promise<number> {
  return sum(await readEach(containers, names, cpuNanoseconds)) / 1e9;
}

/** MiB in use, without the page cache that can be reclaimed at once. */
export async function memory(containers: Containers, names: readonly string[]): Promise<number> {
  return sum(await readEach(containers, names, bytes)) / 2 ** 20;
}
