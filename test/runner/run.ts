import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, project, run } from "../../tools/lib/process.ts";
import { changedSince, reachedBy } from "./changed.ts";
import { type Job, jobsOf, type Need, suiteOf, suites, testFiles } from "./jobs.ts";
import { prepare, release } from "./preparations.ts";
import { type Costs, failuresIn, table } from "./report.ts";
import { next } from "./schedule.ts";
import { type Step, stepsFile } from "./steps.ts";
import { costsOf, Usage } from "./usage.ts";

const usageText = `npm test -- --help explains all arguments; suites are check, ${suites.join(", ")}.`;

/** Seconds between two samples of idle CPU. */
const sampleSeconds = 5;

/** Number of samples to average before a job starts, all taken after the previous start to include its load. */
const sampleCount = 3;

/** Parsed command line. */
interface Options {
  /** True to check types and lint. */
  readonly checks: boolean;
  readonly files: readonly string[];
  /** True to run all tests, and to remove leftovers of earlier runs first. */
  readonly whole: boolean;
}

async function optionsGiven(): Promise<Options> {
  const { flags, words } = commandLine("test");
  const all = testFiles();
  if (flags.changed || flags.since !== undefined) {
    if (words.length > 0)
      throw new Error(
        `'${words.join(" ")}' is given beside --changed or --since; expected only one of them.\n${usageText}`,
      );
    return {
      checks: true,
      files: await reachedBy(all, await changedSince(flags.since ?? "HEAD")),
      whole: false,
    };
  }
  if (words.length === 0) return { checks: true, files: all, whole: true };
  const of = (name: string) => all.filter((file) => file === name || suiteOf(file) === name);
  for (const name of words)
    if (name !== "check" && of(name).length === 0)
      throw new Error(`'${name}' is neither a suite nor a test file.\n${usageText}`);
  return { checks: words.includes("check"), files: [...new Set(words.flatMap(of))], whole: false };
}

/** Outcome of a job. */
interface Outcome {
  readonly passed: boolean;
  /** Standard output and error, as they came. */
  readonly output: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly steps: readonly Step[];
}

/** Processes of the running jobs. */
const children = new Set<ChildProcess>();

// A signal to this process alone ends the jobs too.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => {
    for (const child of children) child.kill(signal);
    process.kill(process.pid, signal);
  });

/** Runs a job's files in one process; `folder` is for the process's notes of its steps. */
async function runJob({ files }: Job, folder: string): Promise<Outcome> {
  const from = Date.now();
  const notes = join(folder, `${from}-${files.length}-${files[0]?.replaceAll("/", "_")}`);
  // Room for new objects, in MiB: a test's process ends before most of its objects would be collected.
  const flags = ["--test", "--test-reporter=spec", "--test-concurrency=2", "--min-semi-space-size=64"];
  const child = spawn("node", [...flags, ...files], {
    cwd: project,
    env: { ...process.env, PULUMI_ERROR_OUTPUT_STRING: "true", [stepsFile]: notes },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  const code = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  children.delete(child);
  const lines = existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : [];
  return { passed: code === 0, output, from, to: Date.now(), steps: lines.map((line) => JSON.parse(line)) };
}

/** Runs as many jobs side by side as the machine has room for; prints each job's cost and the failures at the end. */
class Run {
  private readonly waiting: Job[];
  private readonly running = new Set<Job>();
  private readonly met = new Set<Need>();
  private readonly preparing: Map<Need, Promise<void>>;
  private readonly usage = new Usage();
  private readonly costs = new Map<string, Costs>();
  private readonly failed = new Map<string, string>();
  private readonly folder = mkdtempSync(join(tmpdir(), "airflow-test-run-"));
  /** Idle shares of all cores, sampled since the last start. */
  private idle: number[] = [];
  private wake = () => {};

  constructor(jobs: readonly Job[], whole: boolean) {
    this.waiting = [...jobs];
    this.preparing = prepare(new Set(jobs.flatMap(({ needs }) => needs)), whole);
    for (const [need, done] of this.preparing)
      void done
        .then(
          () => this.met.add(need),
          (error: unknown) => this.giveUp(need, error instanceof Error ? error.message : String(error)),
        )
        .then(() => {
          this.preparing.delete(need);
          this.wake();
        });
  }

  /** Fails the jobs whose need cannot be met. */
  private giveUp(need: Need, why: string): void {
    for (const job of this.waiting.filter(({ needs }) => needs.includes(need))) {
      this.waiting.splice(this.waiting.indexOf(job), 1);
      this.failed.set(job.name, `${need} could not be prepared:\n${why}\n`);
    }
  }

  private async begin(job: Job): Promise<void> {
    const { passed, output, from, to, steps } = await runJob(job, this.folder);
    this.sampleIdle();
    this.costs.set(job.name, costsOf(this.usage, from, to, steps));
    console.log(
      `${output}${job.name}: ${passed ? "passed" : "FAILED"} after ${Math.round((to - from) / 1000)} s\n`,
    );
    if (!passed) this.failed.set(job.name, failuresIn(output));
    this.running.delete(job);
    await this.releaseUnneeded();
    this.wake();
  }

  private async releaseUnneeded(): Promise<void> {
    const needed = new Set([...this.waiting, ...this.running].flatMap(({ needs }) => needs));
    for (const need of this.met)
      if (!needed.has(need))
        await release(need).catch((error: unknown) => this.failed.set(`end of ${need}`, `${error}`));
  }

  /** Returns the share of all cores that was idle since the last sample. */
  private sampleIdle(): number {
    return this.usage.sample(this.running.size + this.preparing.size);
  }

  private startWhatFits(): void {
    for (;;) {
      const { waiting, met } = this;
      const last = this.idle.slice(-sampleCount);
      const idle = last.length < sampleCount ? 0 : last.reduce((sum, share) => sum + share, 0) / sampleCount;
      const job = next({ waiting, running: [...this.running], met, idle });
      if (!job) return;
      this.waiting.splice(this.waiting.indexOf(job), 1);
      this.running.add(job);
      void this.begin(job);
      this.idle = [];
    }
  }

  private printProgress(seconds: number): void {
    const names = [...this.running].map(({ name }) => name.replace(/^test\/live\/|\.test\.ts$/g, ""));
    const preparing = [...this.preparing.keys()].map((need) => `setting up: ${need}`);
    console.log(`[${seconds} s] ${[...names, ...preparing].join(", ")}; ${this.waiting.length} waiting`);
  }

  /** @throws Error naming the jobs that failed */
  async all(): Promise<void> {
    const begin = Date.now();
    const seconds = () => Math.round((Date.now() - begin) / 1000);
    const timer = setInterval(() => {
      this.idle.push(this.sampleIdle());
      if (seconds() % 60 < sampleSeconds) this.printProgress(seconds());
      this.wake();
    }, sampleSeconds * 1000);
    while (this.waiting.length + this.running.size > 0) {
      this.startWhatFits();
      await new Promise<void>((done) => {
        this.wake = done;
      });
    }
    clearInterval(timer);
    rmSync(this.folder, { recursive: true });
    console.log(`${table(this.costs)}\n${seconds()} s in all\n`);
    // Repeats the failures, since a long log is read from its end.
    for (const [name, output] of this.failed)
      console.log(`${name}: ${output}\nTo run it alone: npm test -- ${name}\n`);
    if (this.failed.size > 0) throw new Error(`Failed: ${[...this.failed.keys()].join(", ")}`);
  }
}

await main(async () => {
  const { checks, files, whole } = await optionsGiven();
  if (checks) await run("tools/run", ["tools/upkeep/check.ts"], { show: true });
  const jobs = jobsOf(files);
  if (jobs.length === 0) console.log("No test reaches a changed file, so none runs.");
  else await new Run(jobs, whole).all();
});
