import { run } from "../../tools/lib/process.ts";
import { nodes, registry, state } from "./settings.ts";

const manifestTypes = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
];

/** Digest of an image in the registry, if it is the image that Docker calls `id`; undefined otherwise. */
async function stored(repository: string, tag: string, id: string): Promise<string | undefined> {
  const response = await fetch(`http://${registry}/v2/${repository}/manifests/${tag}`, {
    headers: { accept: manifestTypes.join(", ") },
  });
  if (!response.ok) return undefined;
  const digest = response.headers.get("docker-content-digest") ?? "";
  const { config } = (await response.json()) as { config?: { digest: string } };
  // Docker's id is the digest of the image's configuration, or of the manifest in its newer image store.
  return id === config?.digest || id === digest ? digest : undefined;
}

/** Runs a command that may take a minute, and prints progress every ten seconds. */
async function runLong(what: string, command: string, args: readonly string[]): Promise<void> {
  console.log(`  ${what}`);
  const begin = Date.now();
  const timer = setInterval(() => {
    console.log(`  ${what}: ${Math.round((Date.now() - begin) / 1000)} s`);
  }, 10_000);
  await run(command, args).finally(() => clearInterval(timer));
}

async function push(local: string, repository: string, tag: string, id: string): Promise<string> {
  const name = `${registry}/${repository}:${tag}`;
  await run("docker", ["tag", local, name]);
  await runLong(`pushing ${local} to the lab's registry`, "docker", ["push", "--quiet", name]);
  const digest = await stored(repository, tag, id);
  if (digest === undefined)
    throw new Error(`The lab's registry has another image as ${name} than was pushed.`);
  return digest;
}

async function pull(node: string, reference: string): Promise<void> {
  const own = `${state}/run/${node}`;
  const ctr = ["--address", `${own}/containerd.sock`, "--namespace", "k8s.io", "images"];
  if ((await run("ctr", [...ctr, "ls", "--quiet", `name==${reference}`])) !== "") return;
  const [name] = reference.split("@");
  await runLong(`loading ${name} on ${node}`, "ctr", [
    ...ctr,
    "pull",
    "--hosts-dir",
    `${own}/certs.d`,
    reference,
  ]);
}

/**
 * Makes an image of the local Docker engine available on every node of the lab; returns its name there, by
 * digest. Takes no time if the image is there already.
 */
export async function loadImage(local: string): Promise<string> {
  const id = (await run("docker", ["image", "inspect", "--format", "{{.Id}}", local])).trim();
  const [, repository = "", tag = "latest"] = /^(.+?)(?::([^/:]+))?$/.exec(local) ?? [];
  const digest = (await stored(repository, tag, id)) ?? (await push(local, repository, tag, id));
  const reference = `${registry}/${repository}@${digest}`;
  await Promise.all(nodes.map((node) => pull(node, reference)));
  return reference;
}
