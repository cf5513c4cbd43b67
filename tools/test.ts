import { globSync } from "node:fs";
import { onDocker } from "../test/live/docker.ts";
import { ensureImages } from "./images.ts";
import { main, project, run } from "./process.ts";

/** Suites by name. Live ones deploy stacks of their own, which wait more than they work: three side by side. */
const suites = {
  unit: { files: "test/unit/*.test.ts", concurrency: 2, live: false },
  scan: { files: "test/scan/*.test.ts", concurrency: 1, live: false },
  live: { files: "test/live/*.test.ts", concurrency: 3, live: true },
};

/** Brings up what the tests deploy to, and removes what earlier ones that were cut off have left there. */
async function prepare(files: readonly string[], everything: boolean): Promise<void> {
  await ensureImages();
  await run("tools/chromium.sh", [], { show: true });
  const targets = [onDocker];
  if (files.some((file) => file.includes("kubernetes"))) {
    // Takes a second to load, and needs Linux.
    const { onKubernetes } = await import("../test/live/kubernetes.ts");
    await run("tools/run", ["--kubernetes-plugin"], { show: true });
    targets.push(onKubernetes);
  }
  // Other tests may run beside a few.
  if (everything) await Promise.all(targets.map((target) => target.sweep("airflow-livetest-")));
}

await main(async () => {
  const [name = "", ...patterns] = process.argv.slice(2);
  if (name !== "unit" && name !== "scan" && name !== "live")
    throw new Error(`usage: tools/test.ts unit|scan|live [FILE...], not '${name}'`);
  const { files, concurrency, live } = suites[name];
  const chosen = patterns.length > 0 ? patterns : globSync(files, { cwd: project }).sort();
  if (live) await prepare(chosen, patterns.length === 0);
  const flags = ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`];
  await run("node", [...flags, ...chosen], { show: true, env: { PULUMI_ERROR_OUTPUT_STRING: "true" } });
});
