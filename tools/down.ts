import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { clientEnvironment, machinesOf } from "../platforms/machines.ts";
import { readStackFile } from "../settings/read.ts";
import { main, run } from "./process.ts";
import { Stack } from "./stack.ts";

/** Those that stay with their machine when it leaves the stack. */
async function removeVolumes(stack: Stack): Promise<void> {
  const [, ...others] = existsSync(stack.file) ? machinesOf(readStackFile(stack.file)) : [];
  for (const machine of others) {
    const env = clientEnvironment(machine);
    const filter = `name=^airflow-${stack.name}-(logs|data)$`;
    const listed = await run("docker", ["volume", "ls", "--quiet", "--filter", filter], { env });
    const volumes = listed.split("\n").filter((name) => name !== "");
    if (volumes.length > 0) await run("docker", ["volume", "rm", ...volumes], { env });
  }
}

await main(async () => {
  const { values } = parseArgs({
    options: { stack: { type: "string", default: "dev" }, volumes: { type: "boolean", default: false } },
  });
  const stack = new Stack(values.stack);
  if (values.volumes) {
    await stack.pulumi(["state", "unprotect", "--all", "--yes"], true);
    await stack.pulumi(["destroy", "--yes", "--skip-preview"], true);
    await removeVolumes(stack);
  } else {
    await stack.pulumi(["destroy", "--yes", "--skip-preview", "--exclude-protected"], true);
    console.log(
      "The data volumes and the secrets are kept for the next npm run up; npm run down -- --volumes removes them.",
    );
  }
});
