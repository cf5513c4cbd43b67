import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ImageArgs } from "../workload.ts";

/** Files that make no difference to Airflow are left out, so that running a DAG here does not change the image. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function contentOf({ base, folder }: ImageArgs): string {
  const hash = createHash("sha256").update(base);
  for (const file of filesIn(folder))
    hash.update(`${file.slice(folder.length)}\0`).update(readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}

/** Builds the image with the local engine and pushes it, with that engine's logins; the name follows the content. */
export function dagsImage(
  name: string,
  args: ImageArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const { base, folder, repository } = args;
  const content = contentOf(args);
  const dockerfile = join(import.meta.dirname, "../images/dags/Dockerfile");
  const local = new docker.RemoteImage(
    name,
    {
      name: `${repository}:${content}`,
      build: { context: folder, dockerfile, buildArgs: { BASE_IMAGE: base } },
      triggers: { content },
      keepLocally: true,
    },
    opts,
  );
  const pushed = new docker.RegistryImage(
    name,
    { name: local.name, triggers: { content }, keepRemotely: true, insecureSkipVerify: false },
    opts,
  );
  return pulumi.interpolate`${repository}@${pushed.sha256Digest}`;
}
