import { globSync } from "node:fs";
import { sweep } from "../test/live/docker.ts";
import { ensureImages } from "./images.ts";
import { main, project, run } from "./process.ts";

/** Suites by name. Live ones deploy stacks of their own to a real engine, two side by side: a core each. */
const suites = {
  unit: { files: "test/unit/*.test.ts", concurrency: 2, live: false },
  live: { files: "test/live/*.test.ts", concurrency: 2, live: true },
};

await main(async () => {
  const [name = "", ...patterns] = process.argv.slice(2);
  if (name !== "unit" && name !== "live")
    throw new Error(`usage: tools/test.ts unit|live [FILE...], not '${name}'`);
  const { files, concurrency, live } = suites[name];
  if (live) {
    await ensureImages();
    await run("tools/chromium.sh", [], { show: true });
    await sweep("airflow-livetest-");
  }
  const chosen = patterns.length > 0 ? patterns : globSync(files, { cwd: project }).sort();
  const flags = ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`];
  await run("node", [...flags, ...chosen], { show: true, env: { PULUMI_ERROR_OUTPUT_STRING: "true" } });
});
