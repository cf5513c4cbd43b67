import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, renameSync, rmSync } from "node:fs";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { backupPrograms } from "../../../components/backup/folder.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { bucketIn } from "../../../settings/schema/upkeep/destination.ts";
import { printError } from "../commandLine/terminal.ts";
import { attach, collected, ended, reporting, run } from "../process.ts";
import { type Place, placeOf } from "../reach/place.ts";
import type { Stack } from "../stack.ts";

/** A proven backup. */
export interface ProvenBackup {
  readonly id: string;
  /** Time, in ISO 8601. */
  readonly at: string;
  readonly bytes: number;
  /** Checksum of the archive, in hexadecimal. */
  readonly sha256: string;
  /** Version of Airflow. */
  readonly version: string;
  /** Rows of all tables, counted before the dump and again after the proof's restoration. */
  readonly rows: number;
  /** Seconds that the dump and the encryption took. */
  readonly seconds: number;
  /** Seconds that the proof took. */
  readonly proof: number;
  /** Bucket with a copy, if there is one. */
  readonly copied?: string;
  /** Where the backup is; absent for a stack without a bucket. */
  readonly places?: readonly ("volume" | "bucket")[];
}

/** First and last moment that can be restored, in ISO 8601. */
interface Moments {
  readonly from: string;
  readonly to: string;
  /** When a bucket last had all of the log; null if it never had, absent for a stack without a bucket. */
  readonly copied?: string | null;
}

/** Backups of a stack, the latest first, and the failure of the last attempt, if it failed. */
export interface Backups {
  readonly backups: readonly ProvenBackup[];
  readonly failure: { readonly at: string; readonly fault: string } | null;
  /** Moments that can be restored; null if the log of the database is not kept, or not yet; absent from earlier releases. */
  readonly moments?: Moments | null;
  /** Moments before the data was restored into another server, such as those of a machine that was lost. */
  readonly earlier?: readonly Moments[];
  /** Backups in the same bucket whose keys the stack does not have. */
  readonly others?: readonly ProvenBackup[];
  /** Explains why the bucket could not be listed. */
  readonly unlisted?: string;
}

/** Command of the program beside the backups. */
export const backupProgram = ["python3", `${backupPrograms}/backup.py`] as const;

/** Command that makes a backup as of a moment. */
const momentProgram = ["python3", `${backupPrograms}/moment.py`] as const;

/** Finds the container or pod of a stack's backups; throws an Error if there are none, or it does not run. */
export async function placeOfBackups(stack: Stack, settings: Settings): Promise<Place> {
  if (settings.backup) return placeOf(stack, "backup");
  throw new Error(
    `${stack.file}: backup is not set; expected airflow:backup: { every: 6h, keep: 14 }, and npm run up -- --stack ${stack.name}.`,
  );
}

/** Lists backups by a command of the program: `list` those of the volume, `all` those of the bucket, too. */
async function listed({ program, args, env }: Place, command: "list" | "all"): Promise<Backups> {
  const asked = run(program, [...args, ...backupProgram, command], { env });
  return JSON.parse(await reporting("waiting for the list of backups", asked, printError));
}

/** Lists the backups of a stack, those in its bucket, too. */
export function listBackups(place: Place, { backup }: Settings): Promise<Backups> {
  // The program of an earlier release knows no bucket.
  return listed(place, backup && bucketIn(backup.to) ? "all" : "list");
}

/** Names the backup of a moment, as `components/backup/backup.py` does: `20261128T170000Z`. */
export function idOf(moment: Date): string {
  return `${moment.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
}

/**
 * Takes a backup, proves it, and shows the progress.
 * @param moment makes the backup as of this moment instead, from the kept log of the database
 * @throws Error if the backup or its proof fails
 */
export async function takeBackup(place: Place, moment?: Date): Promise<ProvenBackup> {
  const { program, args, env } = place;
  const { backups: before } = await listed(place, "list");
  const command = moment ? [...momentProgram, moment.toISOString()] : [...backupProgram, "now"];
  if ((await attach(program, [...args, ...command], { env, input: "" })) !== 0) {
    throw new Error("The backup failed, see above; earlier backups are untouched.");
  }
  const { backups } = await listed(place, "list");
  const isNew = ({ id }: ProvenBackup) => !before.some((known) => known.id === id);
  const made = backups.find(moment ? ({ id }) => id === idOf(moment) : isNew);
  if (!made) throw new Error("The new backup is not listed; expected it in the list of backups.");
  return made;
}

/** Goes on with the copies in the bucket that an installation with the same keys has left; throws an Error if that fails. */
export async function takeOver({ program, args, env }: Place): Promise<void> {
  if ((await attach(program, [...args, ...backupProgram, "take-over"], { env, input: "" })) !== 0)
    throw new Error("The copies were not taken over, see above.");
}

/** Finds a backup in the volume or the bucket; throws an Error if neither has it. */
async function noteOf(place: Place, id: string): Promise<ProvenBackup> {
  let unlisted: string | undefined;
  for (const command of ["list", "all"] as const) {
    const known = await listed(place, command);
    const found = [...known.backups, ...(known.others ?? [])].find((backup) => backup.id === id);
    if (found) return found;
    unlisted = known.unlisted;
  }
  const why = unlisted === undefined ? "" : ` Backups in the bucket are unknown: ${unlisted}`;
  throw new Error(`There is no backup ${id}; expected one of npm run backup -- --list.${why}`);
}

/**
 * Copies a backup, still encrypted, into a stream.
 * @throws Error if the copy has another checksum: kubectl and ssh may end a cut connection without an error
 */
export async function sendBackup(place: Place, id: string, to: Writable): Promise<void> {
  const { program, args, env } = place;
  const { bytes, sha256 } = await noteOf(place, id).catch((error) => {
    // Whoever reads the stream waits for its end.
    to.destroy();
    throw error;
  });
  const child = spawn(program, [...args, ...backupProgram, "send", id], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors = collected(child.stderr);
  const hash = createHash("sha256");
  let sent = 0;
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      sent += chunk.length;
      yield chunk;
    }
  }
  const [code] = await reporting(
    `copying backup ${id}`,
    Promise.all([ended(child), pipeline(child.stdout, counted, to)]),
  );
  if (code !== 0)
    throw new Error(
      /^Backup failed: (.+)$/m.exec(errors())?.[1] ?? `Backup ${id} could not be copied: ${errors().trim()}`,
    );
  if (hash.digest("hex") !== sha256)
    throw new Error(
      `The copy of backup ${id} has ${sent} bytes; expected the ${bytes} that were proven. Copy it again.`,
    );
}

/** Copies a backup, still encrypted, to a file of this machine, which is there only once it is whole. */
export async function saveBackup(place: Place, id: string, file: string): Promise<void> {
  const part = `${file}.part`;
  try {
    await sendBackup(place, id, createWriteStream(part, { mode: 0o600 }));
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
