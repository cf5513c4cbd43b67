import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { derivedImage, type Packages, packagesFolder } from "../images/derived.ts";
import { builtHere, type ImageName, localImage, refreshedAt, refreshFile } from "../images/local.ts";
import { machinesOf } from "../platforms/machines.ts";
import { imagesOn, usedImages } from "../platforms/usedImages.ts";
import type { Settings } from "../settings/model/groups.ts";
import { shownText } from "../settings/model/urls/mask.ts";
import { readImageSettings } from "../settings/read/read.ts";
import { imageRepository } from "../settings/schema/values.ts";
import { defaultVersion } from "../settings/schema/versions.ts";
import { buildAll, type ImageBuild } from "./lib/build.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { userPath } from "./lib/commandLine/userPath.ts";
import { main, project, run } from "./lib/process.ts";
import { writeSbom } from "./lib/sbom/write.ts";
import { type Cargo, shipImages } from "./lib/ship.ts";
import { Stack } from "./lib/stack.ts";
import { inTemporaryFolder } from "./lib/temporaryFolder.ts";

/** Images that every stack needs. */
export const standard: readonly ImageName[] = ["airflow", "postgres", "redis"];

async function missing(needed: readonly ImageName[], version: string): Promise<readonly ImageName[]> {
  const format = "{{.Repository}}:{{.Tag}}";
  const filters = ["--filter", `reference=${builtHere}*`, "--format", format];
  const list = await run("docker", ["image", "ls", ...filters]);
  const present = new Set(list.trim().split("\n"));
  return needed.filter((name) => !present.has(localImage(name, version)));
}

async function dockerHubAnswers(): Promise<boolean> {
  try {
    const { status } = await fetch("https://registry-1.docker.io/v2/", { signal: AbortSignal.timeout(3000) });
    // Only the registry itself asks for a login; any other answer may come from a proxy.
    return status === 200 || status === 401;
  } catch {
    return false;
  }
}

/** Picks the Dockerfile of a thin layer on the official image, if that can be pulled; otherwise the one from packages. */
function dockerfile(name: ImageName, official: boolean): string {
  const thin = join(project, "images", name, "official.Dockerfile");
  return official && existsSync(thin) ? thin : join(project, "images", name, "Dockerfile");
}

/** Plans the build of an image for a version of Airflow. */
function plan(name: ImageName, version: string, official: boolean): ImageBuild {
  return {
    name,
    image: localImage(name, version),
    file: dockerfile(name, official),
    context: join(project, "images", name),
    args: name === "airflow" ? { AIRFLOW_VERSION: version } : {},
  };
}

/**
 * Makes sure that the engine has images of `images/`.
 * @param needed by default those that every stack needs
 * @param version of Airflow
 * @throws Error with the end of a build's log, when the build fails
 */
export async function ensureImages(needed = standard, version = defaultVersion): Promise<void> {
  await run("tools/lib/setup/engine.sh", [], { show: true });
  const wanted = await missing(needed, version);
  if (wanted.length === 0) {
    print("  all images are built");
    return;
  }
  const official = await dockerHubAnswers();
  const fresh = refreshedAt() !== "";
  await run("offline/base-image.sh", fresh ? ["--refresh"] : [], { show: true });
  print(`  building ${wanted.join(", ")} ${official ? "on top of official images" : "from packages"}`);
  await buildAll(
    wanted.map((name) => plan(name, version, official)),
    fresh ? ["--no-cache", ...(official ? ["--pull"] : [])] : [],
  );
}

/** Makes sure that the engine has the image with the packages for a stack's DAGs. */
export async function ensurePackages(packages: Packages): Promise<void> {
  const image = derivedImage(packages);
  const known = await run("docker", ["image", "ls", "--quiet", image]);
  if (known.trim() !== "") return;
  print(`  building ${image}: packages of ${packages.requirements ?? "systemPackages"}`);
  await inTemporaryFolder(async (context) => {
    cpSync(packagesFolder, context, { recursive: true });
    const requirements = packages.requirements === undefined ? "" : readFileSync(packages.requirements);
    writeFileSync(join(context, "requirements.txt"), requirements);
    const args = { BASE_IMAGE: packages.base, SYSTEM_PACKAGES: packages.systemPackages.join(" ") };
    const name = packages.requirements === undefined ? "packages" : basename(packages.requirements);
    await buildAll([{ name, image, file: join(context, "Dockerfile"), context, args }]);
  });
}

/** Lists the images of a stack that are built on this machine. */
export function builtFor(settings: Settings): ImageName[] {
  const bases = { ...settings.images, airflow: settings.packages?.base ?? settings.images.airflow };
  return usedImages(settings).filter((name) => bases[name] === localImage(name, settings.version));
}

/** Lists the images that each machine of a stack needs. */
export function cargoFor(settings: Settings): Cargo[] {
  return machinesOf(settings).map((machine) => ({ machine, images: imagesOn(machine, settings) }));
}

/** Checks that an image can be pushed below a name; throws an Error otherwise. */
function requireRepository(given: string | undefined): void {
  if (given === undefined || imageRepository.safeParse(`${given}/airflow`).success) return;
  throw new Error(
    `--push is ${shownText(given)}; expected a registry, or a repository in it, in lower case and without a tag: registry.example.com/airflow.`,
  );
}

/**
 * Pushes one image, with the Docker client's logins.
 * @returns its name in the registry, with the tag, which describes its contents, and the digest, which pins them
 */
async function push(image: string, repository: string): Promise<string> {
  const target = `${repository}/${image.replace(/^.*\//, "")}`;
  await run("docker", ["tag", image, target]);
  print(`  pushing ${target}`);
  await run("docker", ["push", "--quiet", target]);
  const digests: string[] = JSON.parse(
    await run("docker", ["image", "inspect", "--format", "{{json .RepoDigests}}", target]),
  );
  const digest = digests.find((known) => known.startsWith(`${target.replace(/:[^:]*$/, "")}@`));
  if (digest === undefined) throw new Error(`docker push recorded no digest of ${target}; expected one.`);
  return `${target}@${digest.replace(/^.*@/, "")}`;
}

/**
 * Builds the images that a stack on Docker needs, and sends them to its machines.
 * @param down names of machines to leave out
 */
export async function prepareImages(settings: Settings, down: readonly string[] = []): Promise<void> {
  const machines = machinesOf(settings);
  const built = builtFor(settings);
  const isHere = machines.length === 0 || machines.some(({ docker }) => docker.startsWith("unix:"));
  if (isHere || built.length > 0) await ensureImages(built, settings.version);
  if (settings.packages) await ensurePackages(settings.packages);
  await shipImages(cargoFor(settings).filter(({ machine }) => !down.includes(machine.name)));
}

/**
 * Pushes all images, with packages added to Airflow's, and prints their names for a stack file.
 * @returns names of the images on this engine
 */
async function pushTo(repository: string, version: string, packages?: Packages): Promise<readonly string[]> {
  const all = [...standard, "gateway", "pgbouncer", "backup", "monitoring"] as const;
  await ensureImages(all, version);
  if (packages) await ensurePackages(packages);
  const named = all.map((name) => {
    return [
      name,
      name === "airflow" && packages ? derivedImage(packages) : localImage(name, version),
    ] as const;
  });
  const lines: string[] = [];
  for (const [name, image] of named) lines.push(`    ${name}: ${await push(image, repository)}`);
  print(`For the stack file:\n\n  airflow:images:\n${lines.join("\n")}`);
  return named.map(([, image]) => image);
}

/** Builds the images of a stack, or those that every stack needs; pushes them if there is a repository. Returns their names. */
async function build(stack: Stack | undefined, repository: string | undefined): Promise<readonly string[]> {
  if (repository !== undefined) {
    if (!stack) return pushTo(repository, defaultVersion);
    const { version, packages } = readImageSettings(stack.file);
    return pushTo(repository, version, packages);
  }
  if (!stack) {
    await ensureImages();
    return standard.map((name) => localImage(name));
  }
  const settings = stack.settings();
  await prepareImages(settings);
  return usedImages(settings).map((name) => settings.images[name]);
}

if (import.meta.main) {
  await main(async () => {
    const { flags } = commandLine("images");
    requireRepository(flags.push);
    const stack = flags.stack === undefined ? undefined : new Stack(flags.stack);
    stack?.requireFile();
    if (flags.refresh) {
      writeFileSync(refreshFile, `${new Date().toISOString()}\n`);
      print(
        "  images/refreshed has the time of the refresh: commit it, so that all clones build the same images",
      );
    }
    const images = await build(stack, flags.push);
    if (flags.sbom !== undefined) await writeSbom(userPath(flags.sbom), images);
  });
}
