import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { dagFiles, isExecutable } from "../settings/model/names/dagFiles.ts";
import type { ImageArgs } from "../workload.ts";

function contentHash({ base, folder }: ImageArgs): string {
  const hash = createHash("sha256").update(base);
  for (const { source } of dagFiles(folder)) {
    // A file that may be run counts as another one.
    const mode = isExecutable(source) ? "x" : "";
    hash.update(`${source.slice(folder.length)}\0${mode}`).update(readFileSync(source));
  }
  return hash.digest("hex").slice(0, 12);
}

/** True if `docker login` was run for a registry; the provider fails for a registry without a login. */
function hasLogin(registry: string): boolean {
  const file = join(process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"), "config.json");
  if (!existsSync(file)) return false;
  const { auths = {}, credHelpers = {}, credsStore } = JSON.parse(readFileSync(file, "utf8"));
  return credsStore !== undefined || registry in auths || registry in credHelpers;
}

/** Builds the image with the local engine and pushes it with the Docker client's login; the tag follows the content. */
export function dagsImage(
  name: string,
  args: ImageArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const { base, folder, repository } = args;
  const content = contentHash(args);
  const [registry = ""] = repository.split("/");
  // Docker assumes that a registry on this machine speaks plain HTTP.
  const address = /^(localhost|127\.[0-9.]+)(:|$)/.test(registry) ? `http://${registry}` : registry;
  const login = { address, ...(!hasLogin(registry) && { authDisabled: true }) };
  const provider = new docker.Provider(name, { registryAuth: [login] }, options);
  // The first push includes Airflow's own layers.
  const opts = { ...options, provider, customTimeouts: { create: "3600s" } };
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
  // Without a push, as in `npm run render`, there is no digest: the tag names the image.
  return pushed.sha256Digest.apply((digest) =>
    digest ? `${repository}@${digest}` : `${repository}:${content}`,
  );
}
