import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtVersions, localImage } from "../images/local.ts";
import { type KnownFile, knownFile } from "../settings/model/known.ts";
import { releaseOf } from "../settings/schema/versions.ts";
import { ensureImages } from "./images.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { main, project, run } from "./lib/process.ts";

type Printed = Omit<KnownFile, "sections" | "sensitive"> & {
  readonly sections: Readonly<Record<string, readonly string[]>>;
  readonly sensitive: readonly string[];
};

/** Text of a committed file: the settings that a version's image knows. */
export async function printedBy(version: string): Promise<string> {
  const script = join(project, "tools/lib/airflowSettings.py");
  const mount = ["--volume", `${script}:/settings.py:ro`];
  const command = ["docker", "run", "--rm", "--network", "none", ...mount, localImage("airflow", version)];
  const said = await run("sh", ["-c", '"$@" 2> /dev/null', "sh", ...command, "python", "/settings.py"]);
  const { sections, sensitive, ...rest }: Printed = JSON.parse(said.trim().split("\n").at(-1) ?? "");
  const joined = Object.entries(sections).map(([section, keys]) => [section, keys.join(" ")]);
  const file: KnownFile = {
    sections: Object.fromEntries(joined),
    sensitive: sensitive.join(" "),
    ...rest,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

if (import.meta.main) {
  await main(async () => {
    commandLine("settings");
    for (const version of builtVersions()) {
      const release = releaseOf(version);
      if (release === undefined)
        throw new Error(`${version} has a lock, but is of no release in settings/schema/versions.ts.`);
      await ensureImages(["airflow"], version);
      writeFileSync(knownFile(release), await printedBy(version));
    }
  });
}
