import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ImageName, localImage } from "../images/local.ts";
import { main, project, run } from "./process.ts";

const names: readonly ImageName[] = ["airflow", "postgres", "redis"];

/** A build that runs, and what it does now. */
interface Build {
  readonly name: ImageName;
  step: string;
}

async function missing(): Promise<readonly ImageName[]> {
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
  return names.filter((name) => !present.has(localImage(name)));
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

async function build(state: Build, official: boolean): Promise<void> {
  const { name } = state;
  const begin = Date.now();
  const file = dockerfile(name, official);
  const child = spawn(
    "docker",
    ["build", "--tag", localImage(name), "--file", file, join(project, "images", name)],
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
  const code = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  if (code !== 0) {
    const tail = log.trim().split("\n").slice(-25).join("\n");
    throw new Error(
      `${tail}\nBuilding the image ${name} from ${file} failed, see above. Run this again: finished steps are kept.`,
    );
  }
  console.log(`  ${name}: built in ${Math.round((Date.now() - begin) / 1000)} s`);
}

/**
 * Makes sure that the engine has every image of `images/`.
 * @throws Error with the end of a build's log, when it fails
 */
export async function ensureImages(): Promise<void> {
  await run("tools/engine.sh", [], { show: true });
  const wanted = await missing();
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
  const results = await Promise.allSettled(
    states.map((state) => build(state, official).finally(() => running.delete(state))),
  );
  clearInterval(timer);
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (errors.length > 0)
    throw new Error(
      errors.map((error) => (error instanceof Error ? error.message : String(error))).join("\n\n"),
    );
}

/** Pushes one image, with the logins of the Docker client; returns its name by digest. */
async function push(name: ImageName, repository: string): Promise<string> {
  const target = `${repository}/${localImage(name).replace(/^.*\//, "")}`;
  await run("docker", ["tag", localImage(name), target]);
  console.log(`  pushing ${target}`);
  await run("docker", ["push", "--quiet", target]);
  const digests: string[] = JSON.parse(
    await run("docker", ["image", "inspect", "--format", "{{json .RepoDigests}}", target]),
  );
  const digest = digests.find((known) => known.startsWith(`${target.replace(/:[^:]*$/, "")}@`));
  if (digest === undefined) throw new Error(`The registry gave no digest for ${target}.`);
  return digest;
}

if (import.meta.main) {
  await main(async () => {
    const { values } = parseArgs({ options: { push: { type: "string" } } });
    await ensureImages();
    if (values.push === undefined) return;
    const lines: string[] = [];
    for (const name of names) lines.push(`    ${name}: ${await push(name, values.push)}`);
    console.log(`For the stack file:\n\n  airflow:images:\n${lines.join("\n")}`);
  });
}
