import { masked } from "../../settings/model/urls/mask.ts";
import { print } from "./commandLine/terminal.ts";
import { run } from "./process.ts";
import { settleAll } from "./ship.ts";
import { withoutStages } from "./stages.ts";

/** An image to build. */
export interface ImageBuild {
  /** Name of the image for people. */
  readonly name: string;
  readonly image: string;
  /** Path of the Dockerfile. */
  readonly file: string;
  readonly context: string;
  /** Build arguments; empty ones are left out. */
  readonly args: Readonly<Record<string, string>>;
}

/** A build, and its present step. */
interface Build {
  readonly plan: ImageBuild;
  step: string;
}

async function build(state: Build, more: readonly string[]): Promise<void> {
  const { name, image, file, context, args } = state.plan;
  const begin = Date.now();
  const flags = Object.entries(args).flatMap(([key, value]) =>
    value === "" ? [] : ["--build-arg", `${key}=${value}`],
  );
  const hear = (chunk: string) => {
    // "Step 3/9 : RUN ..." is the classic builder's, "#7 [stage 3/9] RUN ..." BuildKit's.
    for (const [, step] of chunk.matchAll(/^(?:Step |#\d+ \[)(\d+\/\d+ :.*|[^\]\n]*\d+\/\d+\].*)$/gm))
      state.step = masked(step ?? "").slice(0, 80);
  };
  const command = ["build", "--force-rm", "--tag", image, ...flags, ...more, "--file", file, context];
  await run("docker", command, { env: { BUILDKIT_PROGRESS: "plain" }, hear }).catch(({ message }: Error) => {
    const again = "Run this again: finished steps are kept.";
    throw new Error(`${message}\nThe build of image ${name} from ${file} failed, see above. ${again}`);
  });
  print(`  ${name}: built in ${Math.round((Date.now() - begin) / 1000)} s`);
}

/**
 * Builds images in parallel, and reports progress every 10 s.
 * @param more flags of the Docker client
 * @throws Error with the end of a build's log, when the build fails
 */
export function buildAll(plans: readonly ImageBuild[], more: readonly string[] = []): Promise<void> {
  return withoutStages(() => buildEach(plans, more));
}

async function buildEach(plans: readonly ImageBuild[], more: readonly string[]): Promise<void> {
  const begin = Date.now();
  const states = plans.map((plan): Build => ({ plan, step: "starting" }));
  const running = new Set(states);
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    for (const { plan, step } of running) print(`  ${plan.name}: ${seconds} s, ${step}`);
  }, 10_000);
  const builds = states.map((state) => build(state, more).finally(() => running.delete(state)));
  await settleAll(builds).finally(() => clearInterval(timer));
}
