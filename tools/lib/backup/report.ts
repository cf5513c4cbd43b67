import type { Settings } from "../../../settings/model/groups.ts";
import { lateness } from "../status/late.ts";
import { ago, aligned } from "../status/table.ts";
import type { Backups, ProvenBackup } from "./store.ts";

/** Formats a size for people: `1.2 MB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function failed({ failure }: Backups): string[] {
  return failure ? [`The last attempt, at ${failure.at.slice(0, 16)}, FAILED: ${failure.fault}`] : [];
}

/** Seconds after which a log that is not kept further is a trouble. */
const logMissed = 300;

/** Describes the moments that can be restored; empty where the log of the database is not kept. */
function moments({ moments: present, earlier = [] }: Backups): string[] {
  return [...(present ? [present] : []), ...earlier].map(
    ({ from, to }) => `Any moment from ${from.slice(0, 19)}Z to ${to.slice(0, 19)}Z can be restored as well.`,
  );
}

function rowOf({ id, at, bytes, version, rows, proof }: ProvenBackup, now: Date): string[] {
  return [id, ago(new Date(at), now), sizeOf(bytes), version, `in ${proof} s, ${rows} rows`];
}

/** Renders the table of all backups, and why the last attempt failed. */
export function backupTable(known: Backups, now: Date): string {
  const rows = [
    ...known.backups.map((backup) => [
      ...rowOf(backup, now),
      ...(backup.places ? [backup.places.join(", ")] : []),
    ]),
    ...(known.others ?? []).map((backup) => [...rowOf(backup, now), "bucket, with another key"]),
  ];
  const head = ["id", "age", "size", "airflow", "proven", "where"].slice(0, rows[0]?.length);
  const table = rows.length > 0 ? aligned([head, ...rows]) : "There is no backup yet.";
  const unlisted =
    known.unlisted === undefined ? [] : [`Backups in the bucket are unknown: ${known.unlisted}`];
  return [table, ...unlisted, ...moments(known), ...failed(known)].join("\n");
}

/** Describes the last proven backup; undefined if the backups are unknown. */
export function lastBackup(known: Backups | undefined, now: Date): string | undefined {
  if (!known) return undefined;
  const [latest] = known.backups;
  const line = latest
    ? `Last backup: ${latest.id}, ${ago(new Date(latest.at), now)}, ${sizeOf(latest.bytes)}, proven in ${latest.proof} s${latest.copied === undefined ? "" : `, copied to ${latest.copied}`}`
    : "There is no backup yet.";
  return [line, ...moments(known), ...failed(known)].join("\n");
}

/**
 * Lists the troubles of a stack's backups, by the values of the stack file.
 * @param since start of the container that takes them
 */
export function backupTroubles(
  known: Backups | undefined,
  { every, continuous }: NonNullable<Settings["backup"]>,
  now: Date,
  since?: Date,
): string[] {
  if (!known) return ["backups are unknown: their container does not answer"];
  if (known.failure) return ["the last backup failed"];
  const [latest] = known.backups;
  const taking = { what: "backup", container: "their container", last: latest?.at, since };
  const late = lateness(taking, 2 * every, now);
  if (late !== undefined) return [late];
  if (!continuous || !latest) return [];
  if (!known.moments) return ["the log of the database is not kept yet"];
  const { to, copied } = known.moments;
  const logs: (readonly [what: string, at: string | null])[] = [
    ["the log of the database was last kept", to],
    ...(copied === undefined ? [] : [["the bucket last had the log of the database", copied] as const]),
  ];
  return logs.flatMap(([what, at]) => {
    if (at === null) return ["the bucket has no log of the database yet"];
    const isMissed = now.getTime() - Date.parse(at) > logMissed * 1000;
    return isMissed ? [`${what} ${ago(new Date(at), now)}`] : [];
  });
}
