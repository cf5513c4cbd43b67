import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../tools/lib/process.ts";

const filler = ".drill-filler";

/** Checks whether a directory is on a small disk that `ownDisk` mounted. */
function isOwn(directory: string): boolean {
  return readFileSync("/proc/self/mounts", "utf8").includes(` ${directory} tmpfs `);
}

/** Program that uses a directory, and can be made to release and to use it again. */
export interface User {
  release(): Promise<unknown>;
  take(): Promise<unknown>;
}

/** Moves a directory with its content to a small disk in memory, while `user` has released it. */
export async function ownDisk(directory: string, mebibytes: number, user: User): Promise<void> {
  if (isOwn(directory)) return;
  await user.release();
  const copy = await mkdtemp(join(tmpdir(), "drill-disk-"));
  await run("cp", ["--archive", `${directory}/.`, copy]);
  await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", directory]);
  await run("cp", ["--archive", `${copy}/.`, directory]);
  rmSync(copy, { recursive: true });
  await user.take();
}

/** Unmounts all small disks, content included, whose path contains `part`. */
export async function removeDisks(part: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mounts", "utf8").matchAll(/^tmpfs (\S+) tmpfs /gm);
  for (const [, directory = ""] of mounts)
    if (directory.includes(part)) await run("umount", ["--lazy", directory]);
}

/**
 * Fills a directory's own disk.
 * @returns evidence that it is full
 */
export function fill(directory: string): string {
  if (!isOwn(directory))
    throw new Error(`${directory} is on no small disk; filling it would fill the machine's`);
  const file = openSync(join(directory, filler), "w");
  const zeros = Buffer.alloc(2 ** 20);
  try {
    for (;;) writeSync(file, zeros);
  } catch (error) {
    const { bavail } = statfsSync(directory);
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    return `ENOSPC, ${bavail} blocks left`;
  } finally {
    closeSync(file);
  }
}

export function unfill(directory: string): void {
  rmSync(join(directory, filler), { force: true });
}
