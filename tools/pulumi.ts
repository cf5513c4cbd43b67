import { main } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";

// Runs the CLI on a local stack, PULUMI_STACK or dev: npm run pulumi -- preview
await main(async () => {
  await new Stack(process.env.PULUMI_STACK ?? "dev").pulumi(process.argv.slice(2), true);
});
