import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupOf } from "./processes.ts";

/** Handle that freezes and thaws all processes of a container, as `docker pause` does. */
export interface Freezer {
  freeze(): void;
  thaw(): void;
  /** Returns evidence that the container is frozen; empty if it is not. */
  state(): string;
}

/** Creates the freezer of a process's cgroup: a separate hierarchy in version 1, a file in version 2. */
export function freezerOf(pid: number): Freezer {
  const directory = cgroupOf(pid, "freezer");
  const old = join(directory, "freezer.state");
  const [file, frozen, thawed] = existsSync(old)
    ? [old, "FROZEN", "THAWED"]
    : [join(directory, "cgroup.freeze"), "1", "0"];
  return {
    freeze: () => writeFileSync(file, frozen),
    thaw: () => writeFileSync(file, thawed),
    state: () => (readFileSync(file, "utf8").trim() === frozen ? `${file}: ${frozen}` : ""),
  };
}
