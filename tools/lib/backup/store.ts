import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { folder } from "../../../components/backup/folder.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { attach, ended, run } from "../process.ts";
import { type Place, placeOf } from "../reach/place.ts";
import type { Stack } from "../stack.ts";

/** A proven backup. */
export interface Backup {
  readonly id: string;
  /** Time, in ISO 8601. */
  readonly at: string;
  readonly bytes: number;
  /** Version of Airflow. */
  readonly version: string;
  /** Rows of all tables, which were the same when it was restored for its proof. */
  readonly rows: number;
  /** Seconds that its proof took. */
  readonly proof: number;
}

/** The backups of a stack, the latest first, and why the last attempt failed, if it did. */
export interface Backups {
  readonly backups: readonly Backup[];
  readonly failure: { readonly at: string; readonly fault: string } | null;
}

export const keeper = ["python3", `${folder}/backup.py`] as const;

/** @throws Error if the stack has no backups, or their container does not run */
export async function placeOfBackups(stack: Stack, settings: Settings): Promise<Place> {
  if (settings.backup) return placeOf(stack, "backup");
  throw new Error(
    `${stack.file} has no backups; expected airflow:backup: { every: 6h, keep: 14 }, and npm run up -- --stack ${stack.name}.`,
  );
}

export async function listBackups({ program, args, env }: Place): Promise<Backups> {
  return JSON.parse(await run(program, [...args, ...keeper, "list"], { env }));
}

/**
 * Takes a backup now, and shows how it goes.
 * @returns the backup, once it is proven
 * @throws Error if there is none
 */
export async function takeBackup(place: Place): Promise<Backup> {
  const { program, args, env } = place;
  if ((await attach(program, [...args, ...keeper, "now"], { env, input: "" })) !== 0) {
    throw new Error("The backup failed, see above; those before it are untouched.");
  }
  const [latest] = (await listBackups(place)).backups;
  if (!latest) throw new Error("The backup is not among those of the stack.");
  return latest;
}

/** Copies a backup to a file of this machine, encrypted as it is. */
export async function saveBackup({ program, args, env }: Place, id: string, file: string): Promise<void> {
  const child = spawn(program, [...args, ...keeper, "send", id], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [code] = await Promise.all([
    ended(child),
    pipeline(child.stdout, createWriteStream(file, { mode: 0o600 })),
  ]);
  if (code !== 0) throw new Error(`There is no backup ${id}; npm run backup -- --list names them.`);
}
