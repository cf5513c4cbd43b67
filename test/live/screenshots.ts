import { cpSync } from "node:fs";
import { join } from "node:path";
import { ensureImages } from "../../tools/images.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, project, run } from "../../tools/lib/process.ts";
import { visit } from "./lib/browser.ts";
import { TestStack } from "./lib/harness.ts";

const dag = "get_stocks_dag";

// Renews the pictures in docs/images, from a stack of their own: npm run screenshots
await main(async () => {
  commandLine("screenshots");
  await run("tools/lib/setup/chromium.sh", [], { show: true });
  await ensureImages();
  const stack = new TestStack("livetest-screenshots", 18120);
  try {
    console.log("Deployment");
    await stack.up({ workers: 2 });
    let last = "";
    for (const seconds of [4, 6, 3]) {
      console.log(`${dag}, ${seconds} s`);
      last = await stack.trigger(dag, { seconds });
      await stack.finished(dag, last);
    }
    console.log("Pictures");
    const pictures = join(stack.folder, "pictures");
    await visit(stack.outputs, last, pictures);
    cpSync(pictures, join(project, "docs/images"), { recursive: true });
  } finally {
    console.log("Removal");
    await stack.remove();
  }
});
