import { file } from "../paths.ts";
import { secret } from "../secret.ts";
import { flag, matching, object, plainUrl, url, whole } from "../values.ts";
import { destination } from "./destination.ts";

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
  to: destination
    .default("volume")
    .describe(
      "`volume`; a directory of the first machine that user 999 may write to, `/srv/backups`; or `s3://BUCKET/PREFIX`, a bucket that gets a copy of each backup in the volume.",
    ),
  continuous: flag
    .default(false)
    .describe(
      "Also keeps the log of the stack's own Postgres, so that any moment of the last `keep` intervals can be restored.",
    ),
  endpoint: url(plainUrl, "expected the URL of an object store, without a login: https://s3.example.com:9000")
    .optional()
    .describe("With a bucket: URL of an object store other than that of AWS: `https://s3.example.com:9000`."),
  region: matching(/^[a-z0-9-]{1,63}$/, "expected the name of a region: eu-central-1")
    .optional()
    .describe("With a bucket: its region, such as `eu-central-1`."),
  accessKey: secret
    .optional()
    .describe(
      "With a bucket: id of an access key, as a secret; default: on Docker the identity of the machine, in a cluster a web identity or EKS Pod Identity of the pod.",
    ),
  secretKey: secret.optional().describe("Secret of `accessKey`."),
  ca: file
    .optional()
    .describe("With a bucket: file with the authorities that may sign the store's certificate, in PEM."),
});
