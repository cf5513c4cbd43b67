import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ImageName, localImage } from "../images/local.ts";
import { homeOf, machinesOf } from "../platforms/machines.ts";
import type { Settings } from "../settings/groups.ts";
import { readStackFile } from "../settings/read.ts";
import { defaultVersion } from "../settings/versions.ts";
import { main, project, run } from "./process.ts";
import { all, type Cargo, ended, shipImages } from "./ship.ts";
import { Stack } from "./stack.ts";

/** What every stack needs. */
export const standard: readonly ImageName[] = ["airflow", "postgres", "redis"];

/** A build that runs, and what it does now. */
interface Build {
  readonly name: ImageName;
  step: string;
}

async function missing(needed: readonly ImageName[], version: string): Promise<readonly ImageName[]> {
  const format = "{{.Repository}}:{{.Tag}}";
  const list = await run("docker", [
    "image",
    "ls",
    "--filter",
    "reference=airflow-on-celery/*",
    "--format",
    format,
  ]);
  const present = new Set(list.trim().split("\n"));
  return needed.filter((name) => !present.has(localImage(name, version)));
}

async function dockerHubAnswers(): Promise<boolean> {
  try {
    const { status } = await fetch("https://registry-1.docker.io/v2/", { signal: AbortSignal.timeout(3000) });
    // Asking for a login is the registry itself; anything else may be a proxy.
    return status === 200 || status === 401;
  } catch {
    return false;
  }
}

/** The official image with a thin layer, where there is one and it can be had; otherwise built from packages. */
function dockerfile(name: ImageName, official: boolean): string {
  const thin = join(project, "images", name, "official.Dockerfile");
  return official && existsSync(thin) ? thin : join(project, "images", name, "Dockerfile");
}

/** @param version of Airflow */
async function build(state: Build, version: string, official: boolean): Promise<void> {
  const { name } = state;
  const begin = Date.now();
  const file = dockerfile(name, official);
  const args = name === "airflow" ? ["--build-arg", `AIRFLOW_VERSION=${version}`] : [];
  const child = spawn(
    "docker",
    ["build", "--tag", localImage(name, version), ...args, "--file", file, join(project, "images", name)],
    {
      env: { ...process.env, BUILDKIT_PROGRESS: "plain" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let log = "";
  const hear = (chunk: Buffer) => {
    log += chunk;
    // "Step 3/9 : RUN ..." is the classic builder's, "#7 [stage 3/9] RUN ..." BuildKit's.
    for (const [, step] of chunk
      .toString()
      .matchAll(/^(?:Step |#\d+ \[)(\d+\/\d+ :.*|[^\]\n]*\d+\/\d+\].*)$/gm))
      state.step = (step ?? "").slice(0, 80);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const code = await ended(child);
  if (code !== 0) {
    const tail = log.trim().split("\n").slice(-25).join("\n");
    throw new Error(
      `${tail}\nBuilding the image ${name} from ${file} failed, see above. Run this again: finished steps are kept.`,
    );
  }
  console.log(`  ${name}: built in ${Math.round((Date.now() - begin) / 1000)} s`);
}

/**
 * Makes sure that the engine has images of `images/`.
 * @param needed without it those that every stack needs
 * @param version of Airflow
 * @throws Error with the end of a build's log, when it fails
 */
export async function ensureImages(needed = standard, version = defaultVersion): Promise<void> {
  await run("tools/engine.sh", [], { show: true });
  const wanted = await missing(needed, version);
  if (wanted.length === 0) {
    console.log("  images are there");
    return;
  }
  const official = await dockerHubAnswers();
  await run("tools/base-image.sh", [], { show: true });
  console.log(`  building ${wanted.join(", ")} ${official ? "on top of official images" : "from packages"}`);
  const begin = Date.now();
  const states = wanted.map((name): Build => ({ name, step: "starting" }));
  const running = new Set(states);
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    for (const { name, step } of running) console.log(`  ${name}: ${seconds} s, ${step}`);
  }, 10_000);
  const builds = states.map((state) => build(state, version, official).finally(() => running.delete(state)));
  await all(builds).finally(() => clearInterval(timer));
}

/** The images that a stack uses. */
function usedBy(settings: Settings): ImageName[] {
  const used: Readonly<Record<ImageName, boolean>> = {
    airflow: true,
    postgres: settings.postgres.url === undefined,
    redis: settings.redis.url === undefined,
    gateway: machinesOf(settings).length > 1,
    pgbouncer: settings.pgbouncer !== undefined,
  };
  return (Object.keys(used) as ImageName[]).filter((name) => used[name]);
}

/** The images of a stack that are built here. */
export function builtFor(settings: Settings): ImageName[] {
  const needed = usedBy(settings);
  return needed.filter((name) => settings.images[name] === localImage(name, settings.version));
}

/** What each machine of a stack needs. */
export function cargoFor(settings: Settings): Cargo[] {
  const { images } = settings;
  const machines = machinesOf(settings);
  const used = usedBy(settings);
  const everywhere = (name: ImageName) => name === "airflow" || name === "gateway";
  return machines.map((machine) => {
    const here = used.filter((name) => everywhere(name) || homeOf(name, machines) === machine);
    return { machine, images: here.map((name) => images[name]) };
  });
}

/** Pushes one image, with the logins of the Docker client; returns its name by digest. */
async function push(name: ImageName, version: string, repository: string): Promise<string> {
  const image = localImage(name, version);
  const target = `${repository}/${image.replace(/^.*\//, "")}`;
  await run("docker", ["tag", image, target]);
  console.log(`  pushing ${target}`);
  await run("docker", ["push", "--quiet", target]);
  const digests: string[] = JSON.parse(
    await run("docker", ["image", "inspect", "--format", "{{json .RepoDigests}}", target]),
  );
  const digest = digests.find((known) => known.startsWith(`${target.replace(/:[^:]*$/, "")}@`));
  if (digest === undefined) throw new Error(`The registry gave no digest for ${target}.`);
  return digest;
}

/**
 * Builds the images that a stack on Docker needs, and sends them to its machines.
 * @param down names of machines that are left out
 */
export async function prepareImages(settings: Settings, down: readonly string[] = []): Promise<void> {
  const machines = machinesOf(settings);
  const built = builtFor(settings);
  const isHere = machines.length === 0 || machines.some(({ docker }) => docker.startsWith("unix:"));
  if (isHere || built.length > 0) await ensureImages(built, settings.version);
  await shipImages(cargoFor(settings).filter(({ machine }) => !down.includes(machine.name)));
}

async function prepareFor(stack: Stack): Promise<void> {
  await prepareImages(readStackFile(stack.file));
}

async function pushTo(repository: string, version: string): Promise<void> {
  const all = [...standard, "gateway", "pgbouncer"] as const;
  await ensureImages(all, version);
  const lines: string[] = [];
  for (const name of all) lines.push(`    ${name}: ${await push(name, version, repository)}`);
  console.log(`For the stack file:\n\n  airflow:images:\n${lines.join("\n")}`);
}

if (import.meta.main) {
  await main(async () => {
    const { values } = parseArgs({ options: { push: { type: "string" }, stack: { type: "string" } } });
    const stack = values.stack === undefined ? undefined : new Stack(values.stack);
    stack?.check();
    if (values.push !== undefined)
      await pushTo(values.push, stack ? readStackFile(stack.file).version : defaultVersion);
    else if (stack) await prepareFor(stack);
    else await ensureImages();
  });
}
