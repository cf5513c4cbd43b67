import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { largeFile } from "../settings/model/sizes.ts";
import { fromProject } from "../settings/schema/files/base.ts";
import { writeWhole } from "./wholeFile.ts";

/** Folder of large files, relative to the project, where the plugins run: the state does not depend on the project's place. */
const folder = ".state/files";

/** True for files that the state should not contain once per container, since each step writes the whole state. */
export function isLarge(content: pulumi.Input<string | undefined>): content is string {
  return typeof content === "string" && content.length > largeFile;
}

/** Returns the SHA-256 of a content, in hexadecimal. */
export function contentHash(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Writes a file under the hash of its content, and returns its path in the project. */
function stored(content: string): string {
  const path = join(folder, contentHash(content));
  const file = fromProject(path);
  if (existsSync(file)) return path;
  writeWhole(file, content);
  return path;
}

type Upload = docker.types.input.ContainerUpload;

/** Turns large files into uploads from this machine, so that the state holds only their hashes. */
export function bySource(args: docker.ContainerArgs): docker.ContainerArgs {
  const { uploads } = args;
  if (!Array.isArray(uploads)) return args;
  const shrunk = (uploads as readonly Upload[]).map((upload): Upload => {
    const { content, ...rest } = upload;
    return isLarge(content) ? { ...rest, source: stored(content), sourceHash: contentHash(content) } : upload;
  });
  return { ...args, uploads: shrunk };
}
