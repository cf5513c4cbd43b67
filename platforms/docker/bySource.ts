import { existsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type * as docker from "@pulumi/docker";
import { fromProject } from "../../settings/schema/files/base.ts";
import { contentHash } from "../contentHash.ts";
import { writeWhole } from "../wholeFile.ts";

/** Folder of uploaded files, relative to the project, where the plugins run: the state does not depend on the project's place. */
export const sourcesFolder = ".state/files";

/** Writes a file under the hash of its content, or notes that the file is still used. */
function stored(content: string): { source: string; sourceHash: string } {
  const sourceHash = contentHash(content);
  const source = join(sourcesFolder, sourceHash);
  const file = fromProject(source);
  const now = new Date();
  if (existsSync(file)) utimesSync(file, now, now);
  else writeWhole(file, content);
  return { source, sourceHash };
}

type Upload = docker.types.input.ContainerUpload;

/**
 * Turns files whose contents are known into uploads from this machine. The state, which the CLI writes whole at each step, then
 * holds only their hashes, and the provider does not sort their contents. Secrets are not known yet, and stay.
 */
export function bySource(args: docker.ContainerArgs): docker.ContainerArgs {
  const { uploads } = args;
  if (!Array.isArray(uploads)) return args;
  const shrunk = (uploads as readonly Upload[]).map((upload): Upload => {
    const { content, ...rest } = upload;
    return typeof content === "string" ? { ...rest, ...stored(content) } : upload;
  });
  return { ...args, uploads: shrunk };
}
