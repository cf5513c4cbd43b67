import { z } from "zod";

const forms =
  "expected volume, the absolute path of a directory on the machine of the database, or s3://BUCKET/PREFIX";
const bucketPattern = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]";
const prefixPattern = "(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?";
const bucketForm =
  "its bucket cannot have that name: expected 3 to 63 of a-z, 0-9, '-' and single '.', a letter or digit at both ends, and no address";

/** Explains what is wrong with a destination that has none of the forms. */
function problemOf(to: string): string {
  const [, rest] = /^s3:\/\/(.*)$/s.exec(to) ?? [];
  if (rest === undefined) return forms;
  if (/[@?#]/.test(rest))
    return "it has more than a bucket and a prefix: expected s3://BUCKET/PREFIX, and a login in backup.accessKey and backup.secretKey";
  const [name = ""] = rest.split("/");
  if (name === "") return "it has no bucket: expected s3://BUCKET/PREFIX";
  return new RegExp(`^${bucketPattern}$`).test(name)
    ? "its prefix has another form: expected letters, digits, '.', '_' and '-', with one '/' between parts: s3://BUCKET/airflow/prod"
    : bucketForm;
}

/** Destination of backups: `volume`, a directory, or a bucket. */
export const destination = z
  .string({ error: forms })
  .regex(new RegExp(`^(volume|/[^\\s:,]*|s3://${bucketPattern}${prefixPattern})$`), {
    error: ({ input }) => problemOf(String(input)),
  })
  .refine((to) => !/^s3:\/\/([^/]*\.\.|\d+(\.\d+){3}(\/|$))/.test(to), { error: bucketForm });

/** Bucket of an object store, and the beginning of the names of all objects there: empty, or with a `/` at its end. */
export interface Bucket {
  readonly name: string;
  readonly prefix: string;
}

/** Returns the bucket that a destination names; undefined for a volume and a directory. */
export function bucketIn(to: string): Bucket | undefined {
  const [, name, path = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(to) ?? [];
  if (name === undefined) return undefined;
  const prefix = path.replace(/\/$/, "");
  return { name, prefix: prefix && `${prefix}/` };
}
