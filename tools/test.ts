import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { onDocker } from "../test/live/docker.ts";
import { ensureImages, standard } from "./images.ts";
import { main, project, run } from "./process.ts";

const suites = {
  unit: { files: "test/unit/*.test.ts", concurrency: 2, live: false },
  scan: { files: "test/scan/*.test.ts", concurrency: 1, live: false },
  /** Deploy stacks of their own, which wait more than they work. */
  live: { files: "test/live/*.test.ts", concurrency: 3, live: true },
};

const env = { PULUMI_ERROR_OUTPUT_STRING: "true" };

function isOfCluster(file: string): boolean {
  return file.includes("kubernetes");
}

/** Three engines in one machine, and times that are asserted. */
function isOfMachines(file: string): boolean {
  return file.includes("machines.test");
}

/**
 * Two of the cluster are enough for it beside one of Docker; one that takes a node away has the cluster to itself, last.
 * That of the machines is alone.
 */
function mayStart(file: string, waiting: readonly string[], running: readonly string[]): boolean {
  if (running.some(isOfMachines) || isOfMachines(file)) return running.length === 0;
  if (!isOfCluster(file)) return true;
  const there = running.filter(isOfCluster).length;
  const alone = there === 0 && waiting.filter(isOfCluster).length === 1;
  return file.includes("node.kubernetes") ? alone : there < 2;
}

/** Brings up what the tests deploy to, and removes what earlier ones that were cut off have left there. */
async function prepare(files: readonly string[], everything: boolean): Promise<void> {
  await ensureImages([...standard, "gateway"]);
  if (files.some((file) => file.includes("versions"))) await ensureImages(["airflow"], "2.11.2");
  await run("tools/chromium.sh", [], { show: true });
  const targets = [onDocker];
  if (files.some(isOfCluster)) {
    // Takes a second to load, and needs Linux.
    const { onKubernetes } = await import("../test/live/kubernetes.ts");
    await run("tools/run", ["--kubernetes-plugin"], { show: true });
    targets.push(onKubernetes);
  }
  // Other tests may run beside a few.
  if (everything) await Promise.all(targets.map((target) => target.sweep("airflow-livetest-")));
}

/** What the reporter says of failed tests at the end of a file's output; all of it, if it did not get that far. */
function failures(said: string): string {
  const at = said.lastIndexOf("✖ failing tests:");
  return at < 0 ? said : said.slice(at);
}

/** Runs one file, and shows at its end what it said; gives what failed, or undefined. */
async function failuresOf(file: string): Promise<string | undefined> {
  const begin = Date.now();
  const seconds = () => Math.round((Date.now() - begin) / 1000);
  const timer = setInterval(() => console.log(`  ${file}: ${seconds()} s`), 60_000);
  const child = spawn("node", ["--test", "--test-reporter=spec", file], {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk;
    });
  }
  const code = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  clearInterval(timer);
  console.log(`${said}${file}: ${code === 0 ? "passed" : "FAILED"} after ${seconds()} s\n`);
  return code === 0 ? undefined : failures(said);
}

/** Who is to begin early: that of the machines, which is long, and those of the cluster, whose last one waits for them. */
function precedence(file: string): number {
  return isOfMachines(file) ? 0 : isOfCluster(file) ? 1 : 2;
}

/** Runs files side by side. */
async function runSideBySide(files: readonly string[], concurrency: number): Promise<void> {
  const waiting = files.toSorted((one, other) => precedence(one) - precedence(other));
  const running = new Map<string, Promise<void>>();
  const failed = new Map<string, string>();
  while (waiting.length + running.size > 0) {
    const next = waiting.findIndex((file) => mayStart(file, waiting, [...running.keys()]));
    if (running.size === concurrency || next < 0) {
      await Promise.race(running.values());
      continue;
    }
    for (const file of waiting.splice(next, 1)) {
      const result = failuresOf(file).then((said) => {
        if (said !== undefined) failed.set(file, said);
        running.delete(file);
      });
      running.set(file, result);
    }
  }
  // Once more, since a log of an hour is read from its end.
  for (const [file, said] of failed) console.log(`${file}: ${said}`);
  if (failed.size > 0) throw new Error(`Failed: ${[...failed.keys()].join(", ")}`);
}

await main(async () => {
  const [name = "", ...patterns] = process.argv.slice(2);
  if (name !== "unit" && name !== "scan" && name !== "live")
    throw new Error(`usage: tools/test.ts unit|scan|live [FILE...], not '${name}'`);
  const { files, concurrency, live } = suites[name];
  const chosen = patterns.length > 0 ? patterns : globSync(files, { cwd: project }).sort();
  if (live) {
    await prepare(chosen, patterns.length === 0);
    await runSideBySide(chosen, concurrency);
  } else {
    const flags = ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`];
    await run("node", [...flags, ...chosen], { show: true, env });
  }
});
