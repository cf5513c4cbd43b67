import { parseArgs } from "node:util";
import { main } from "./process.ts";
import { Stack } from "./stack.ts";

await main(async () => {
  const { values } = parseArgs({
    options: { stack: { type: "string", default: "dev" }, volumes: { type: "boolean", default: false } },
  });
  const stack = new Stack(values.stack);
  if (values.volumes) {
    await stack.pulumi(["state", "unprotect", "--all", "--yes"], true);
    await stack.pulumi(["destroy", "--yes", "--skip-preview"], true);
  } else {
    await stack.pulumi(["destroy", "--yes", "--skip-preview", "--exclude-protected"], true);
    console.log(
      "The data volumes and the secrets are kept for the next npm run up; npm run down -- --volumes removes them.",
    );
  }
});
