import { spawn } from "node:child_process";
import { pipeline } from "node:stream/promises";
import { folder } from "../../../components/backup/backup.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { ended, run } from "../process.ts";
import { type Way, wayInto } from "../proof/way.ts";
import type { Stack } from "../stack.ts";
import { decrypted } from "./archive.ts";

/** Seconds between two looks for the job that restores. */
const pause = 2;

/** Returns the way into the job that waits for an archive; undefined if it does not run yet. */
async function wayToJob(stack: Stack, settings: Settings): Promise<Way | undefined> {
  try {
    const way = await wayInto(stack, settings, "restore");
    const [command, ...args] = way.command;
    await run(command, [...args, "test", "-e", "/dev/shm/services"], { env: way.env });
    return way;
  } catch {
    return undefined;
  }
}

async function send({ command, env }: Way, file: string, keys: string): Promise<void> {
  const [client, ...args] = command;
  const child = spawn(client, [...args, "python3", `${folder}/restore.py`, "receive"], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const sent = pipeline(await decrypted(file, keys), child.stdin).catch((error: Error) => error);
  if ((await ended(child)) !== 0)
    throw new Error(`The archive could not be sent: ${said.trim()} ${(await sent) ?? ""}`);
}

/**
 * Sends the contents of an archive to the job that restores, once a running deployment has started it.
 * @param deployment ends with the job, or without having started it
 */
export async function sendTo(
  stack: Stack,
  settings: Settings,
  archive: { readonly file: string; readonly keys: string },
  deployment: Promise<unknown>,
): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  deployment.then(over, over);
  // A cluster gives a job that failed another pod, which needs the archive, too.
  const served = new Set<string>();
  while (!isOver) {
    const way = await wayToJob(stack, settings);
    const place = way?.command.join(" ") ?? "";
    if (way && !served.has(place)) await send(way, archive.file, archive.keys);
    if (way) served.add(place);
    await new Promise((wake) => setTimeout(wake, pause * 1000));
  }
}
