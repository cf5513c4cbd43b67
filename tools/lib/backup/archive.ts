import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { Decrypter } from "age-encryption";
import { Parser, type ReadEntry } from "tar";
import type { SecretName } from "../../../settings/schema/schema.ts";
import { reasonOf } from "../process.ts";

/** Secrets of a stack in an archive. */
export interface ArchivedSecrets {
  readonly values: Readonly<Record<SecretName, string>>;
  readonly previous: Readonly<Partial<Record<SecretName, string>>>;
  readonly older: Readonly<Partial<Record<SecretName, readonly string[]>>>;
  readonly replaced: Readonly<Partial<Record<SecretName, number>>>;
}

/** Contents of an archive, as `components/backup/backup.py` lists them. */
interface Manifest {
  readonly id: string;
  /** Time, in ISO 8601. */
  readonly at: string;
  readonly stack: string;
  /** Version of Airflow. */
  readonly version: string;
  readonly images: Readonly<Record<string, string>>;
  readonly dags: { readonly from: string; readonly revision: string | null };
  readonly databases: Readonly<Record<string, { readonly rows: Readonly<Record<string, number>> }>>;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Contents of an archive besides the dumps. */
export interface Archive {
  readonly manifest: Manifest;
  readonly secrets: ArchivedSecrets;
  /** Values of the stack file, in the clear, by key without the project's prefix. */
  readonly config: Readonly<Record<string, string>>;
}

/** Files of an archive that are kept in memory. */
const small = ["manifest.json", "secrets.json", "stack.json"];

function restoreError(file: string, error: unknown): Error {
  const reason = reasonOf(error);
  const cause = /no identity matched/.test(reason)
    ? "none of the keys fits; expected the key of the stack that made it, as npm run backup -- --key prints it"
    : `it is damaged (${reason}); expected another copy, or another backup`;
  return new Error(`${file} is not restored; ${cause}.`);
}

/**
 * Decrypts an archive.
 * @param keys identities of age, one per line
 * @returns the tar file in the archive; a damaged part ends the stream with an error
 */
export async function decrypted(file: string, keys: string): Promise<Readable> {
  const decrypter = new Decrypter();
  const lines = keys.split("\n").map((line) => line.trim());
  const identities = lines.filter((line) => line.startsWith("AGE-SECRET-KEY-1"));
  if (identities.length === 0) {
    throw new Error("--key: the file has no key; expected a line that begins with AGE-SECRET-KEY-1.");
  }
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    const cipher = Readable.toWeb(createReadStream(file)) as globalThis.ReadableStream<Uint8Array>;
    return Readable.fromWeb((await decrypter.decrypt(cipher)) as ReadableStream);
  } catch (error) {
    throw restoreError(file, error);
  }
}

/**
 * Reads an archive, and checks all of it by its manifest.
 * @throws Error when no key fits, or the archive is damaged
 */
export async function readArchive(file: string, keys: string): Promise<Archive> {
  const sums = new Map<string, string>();
  const texts = new Map<string, string>();
  const onReadEntry = (entry: ReadEntry) => {
    const hash = createHash("sha256");
    const chunks: Buffer[] = [];
    entry.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      if (small.includes(entry.path)) chunks.push(chunk);
    });
    entry.on("end", () => {
      sums.set(entry.path, hash.digest("hex"));
      texts.set(entry.path, Buffer.concat(chunks).toString());
    });
  };
  const tar = await decrypted(file, keys);
  const parser = new Parser({ strict: true, onReadEntry });
  try {
    await pipeline(tar, parser as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw restoreError(file, error);
  }
  const [manifest, secrets, config] = small.map((name) => texts.get(name));
  if (manifest === undefined || secrets === undefined || config === undefined) {
    throw restoreError(file, "it has no manifest");
  }
  const archive: Archive = {
    manifest: JSON.parse(manifest),
    secrets: JSON.parse(secrets),
    config: JSON.parse(config),
  };
  for (const [name, { sha256 }] of Object.entries(archive.manifest.files)) {
    if (sums.get(name) !== sha256) throw restoreError(file, `${name} is not what the manifest says`);
  }
  return archive;
}
