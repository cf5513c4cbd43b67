import { spawn } from "node:child_process";
import { pipeline } from "node:stream/promises";
import { backupPrograms } from "../../../components/backup/folder.ts";
import { print } from "../commandLine/terminal.ts";
import { collected, ended, reasonOf, reporting, run } from "../process.ts";
import { type Place, placeOf } from "../reach/place.ts";
import type { Stack } from "../stack.ts";
import { decrypted } from "./archive.ts";

/** Seconds between two looks for the job that restores. */
const pause = 2;

/** Finds the job that waits for an archive; undefined if it does not run yet. */
export async function waitingJob(stack: Stack): Promise<Place | undefined> {
  try {
    const place = await placeOf(stack, "restore");
    const { program, args, env } = place;
    await run(program, [...args, "test", "-e", "/dev/shm/services"], { env });
    return place;
  } catch {
    return undefined;
  }
}

async function send({ program, args, env }: Place, file: string, keys: string): Promise<void> {
  const tar = await decrypted(file, keys);
  const child = spawn(program, [...args, "python3", `${backupPrograms}/restore.py`, "receive"], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "pipe"],
  });
  const errors = collected(child.stderr);
  const sent = pipeline(tar, child.stdin).catch((error: Error) => error);
  if ((await ended(child)) !== 0)
    throw new Error(`${file} could not be sent to its job: ${errors().trim()} ${(await sent) ?? ""}`);
}

/**
 * Sends the contents of an archive to the job that restores, once a running deployment has started it. What could not be sent, as over
 * a connection that broke, is sent again for as long as the job waits.
 * @param find finds the job that waits
 * @param deployment promise of the deployment's end, with or without a start of the job
 */
export async function sendTo(
  find: () => Promise<Place | undefined>,
  archive: { readonly file: string; readonly keys: string },
  deployment: Promise<unknown>,
): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  deployment.then(over, over);
  const sleep = () => new Promise((wake) => setTimeout(wake, pause * 1000));
  const hasEnded = async ({ name }: Place) => {
    while (!isOver && (await find())?.name === name) await sleep();
  };
  // A cluster retries a failed job in another pod, which needs the archive, too.
  const served = new Set<string>();
  while (!isOver) {
    const job = await find();
    if (job && !served.has(job.name))
      await reporting("sending the archive", send(job, archive.file, archive.keys)).then(
        () => {
          served.add(job.name);
          return reporting("restoring the databases", hasEnded(job));
        },
        (error) => print(`  ${reasonOf(error)}; it is sent again`),
      );
    await sleep();
  }
}
