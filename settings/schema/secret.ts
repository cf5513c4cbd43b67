import { readFileSync } from "node:fs";
import { z } from "zod";
import { file } from "./paths.ts";
import { object, text } from "./values.ts";

/** Stands for an encrypted value of a stack file that is read without the key. */
export const encrypted = "\0encrypted";

/** Returns the error for a value that may be a secret: the problem of the file for `{ file: PATH }`, otherwise `forms`. */
export function secretError(forms: string): z.core.$ZodErrorMap {
  return ({ input }) => {
    const isFile = typeof input === "object" && input !== null && Object.keys(input).join() === "file";
    return isFile ? z.safeParse(file, Reflect.get(input, "file")).error?.issues[0]?.message : forms;
  };
}

/** Forms of a secret in a stack file. */
export const secretForms =
  "expected { secure: … }, as npm run secret writes it, { file: PATH } or { secret: NAME, key: KEY }";

/** A secret: encrypted in the stack file, in a file of this machine, or in a Secret of the stack's namespace. */
export const secret = z
  .union(
    [
      z.string().describe("Encrypted: `npm run secret -- KEY` writes it."),
      object({ file: file.describe("File with the secret, and nothing else.") }),
      object({
        secret: text.describe("Name of a Kubernetes Secret in the stack's namespace."),
        key: text.describe("Key in the Secret."),
      }),
    ],
    { error: secretError(secretForms) },
  )
  .meta({ secret: true });

export type SecretSource = z.output<typeof secret>;

/** True if an object names a secret's source instead of a value: exactly `file`, or `secret` and `key`. */
export function isPlace(value: unknown): value is Exclude<SecretSource, string> {
  const keys = typeof value === "object" && value !== null ? Object.keys(value).sort().join() : "";
  return keys === "file" || keys === "key,secret";
}

/** Values of Secrets of a cluster by key, by the Secret's name. */
export type SecretTexts = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Removes the newline at the end of a secret, which editors add to a file, and `kubectl create secret --from-file` keeps. */
export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** Reads the secret in a file, without the newline at its end. */
export function secretIn(file: string): string {
  return withoutNewline(readFileSync(file, "utf8"));
}
