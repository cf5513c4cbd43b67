import { setFlags } from "../../deploymentFlags.ts";
import { sendTo, waitingJob } from "../lib/backup/send.ts";
import { run } from "../lib/process.ts";
import type { Stack } from "../lib/stack.ts";

/** Deploys and proves a stack, as `npm run up` does. */
export async function up(stack: Stack): Promise<void> {
  await run("tools/run", ["tools/up.ts", "--stack", stack.name], { show: true });
}

/** Removes a stack but its data, and deploys it with the data of a backup. */
export async function replaceData(
  stack: Stack,
  archive: { readonly file: string; readonly keys: string },
): Promise<void> {
  await stack.destroyAllButData();
  setFlags({ restore: true });
  const deployment = up(stack);
  await Promise.all([deployment, sendTo(() => waitingJob(stack), archive, deployment)]);
}
