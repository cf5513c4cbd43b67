import { flag, matching, object, whole } from "../values.ts";

const expected = "expected whole minutes or hours, 9999h at most: 5m, 1h";

/** Converts `5m` or `1h` to seconds. */
function secondsOf(text: string): number {
  return Number.parseInt(text, 10) * (text.endsWith("h") ? 3600 : 60);
}

/** Schedule of proofs; parsing turns times into seconds. */
export const canary = object({
  every: matching(/^[1-9]\d{0,3}[mh]$/, expected)
    .transform(secondsOf)
    .describe("Time from one proof to the next: `5m`, `1h`."),
});

/** Schedule and destination of backups; parsing turns times into seconds. */
export const backup = object({
  every: matching(/^[1-9]\d{0,3}[mh]$/, expected)
    .default("6h")
    .transform(secondsOf)
    .describe("Time from one backup to the next: `30m`, `6h`."),
  keep: whole(1, 1000).default(14).describe("Backups that are kept; older ones are removed."),
  to: matching(
    /^(volume|\/[^\s:,]*)$/,
    "expected volume, or the absolute path of a directory on the machine of the database; s3:// and other stores are not supported: npm run backup -- --save ID copies a backup to the current directory, to upload it to such a store",
  )
    .default("volume")
    .describe(
      "`volume`, or a directory on the machine of the database that user 999 may write to: `/srv/backups`.",
    ),
  continuous: flag
    .default(false)
    .describe(
      "Also keeps the log of the stack's own Postgres, so that any moment of the last `keep` intervals can be restored.",
    ),
});
