import { existsSync } from "node:fs";
import { onEngine } from "../platforms/docker/ownership.ts";
import { clientEnvironment, machinesOf } from "../platforms/machines.ts";
import { strangers } from "../platforms/ownership/judge.ts";
import type { Known } from "../platforms/ownership/known.ts";
import type { Settings } from "../settings/model/groups.ts";
import { readStackFile } from "../settings/read/read.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { main, run } from "./lib/process.ts";
import { spare } from "./lib/spare.ts";
import { Stack } from "./lib/stack.ts";

/** Removes the volumes that stayed on machines other than the first. */
async function removeVolumes(settings: Settings, known: Known): Promise<void> {
  const [, ...others] = machinesOf(settings);
  for (const machine of others) {
    const volumes = (await onEngine(machine)).filter(({ kind }) => kind === "volume");
    const strange = strangers(volumes, known);
    const own = volumes.filter((volume) => !strange.includes(volume)).map(({ name }) => name);
    if (own.length > 0) await run("docker", ["volume", "rm", ...own], { env: clientEnvironment(machine) });
  }
}

await main(async () => {
  const { flags } = commandLine("down");
  const stack = new Stack(flags.stack ?? "dev");
  const settings = existsSync(stack.file) ? readStackFile(stack.file) : undefined;
  const known = settings && (await spare(stack, settings));
  if (flags.volumes) {
    await stack.pulumi(["state", "unprotect", "--all", "--yes"], true);
    await stack.pulumi(["destroy", "--yes", "--skip-preview"], true);
    if (settings && known) await removeVolumes(settings, known);
  } else {
    await stack.pulumi(["destroy", "--yes", "--skip-preview", "--exclude-protected"], true);
    console.log(
      "The data volumes and the secrets are kept for the next npm run up; npm run down -- --volumes removes them.",
    );
  }
});
