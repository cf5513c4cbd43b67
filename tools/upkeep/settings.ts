import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtVersions, type ImageName, localImage } from "../../images/local.ts";
import { type KnownFile, knownFile, type ValueType } from "../../settings/model/known.ts";
import { type Server, type ServerFile, serverFile, servers } from "../../settings/model/servers.ts";
import { releaseOf } from "../../settings/schema/versions.ts";
import { ensureImages } from "../images.ts";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { main, project, run } from "../lib/process.ts";

type Lists = Readonly<Record<string, readonly string[]>>;

type Printed = Omit<KnownFile, "sections" | "sensitive" | "readers" | "types" | "timezones"> & {
  readonly sections: Lists;
  readonly readers: Lists;
  readonly types: Readonly<Record<ValueType, readonly string[]>>;
  readonly sensitive: readonly string[];
  readonly timezones: readonly string[];
};

/**
 * Runs a program of `tools/lib/known` in an image, and returns the lines that it prints. No Python program there may have
 * the name of a package that it imports, since Python looks into the program's folder first.
 */
async function readPrinted(
  image: ImageName,
  version: string | undefined,
  ...program: string[]
): Promise<string[]> {
  const mount = ["--volume", `${join(project, "tools/lib/known")}:/known:ro`, "--entrypoint", ""];
  const name = localImage(image, version);
  const command = ["docker", "run", "--rm", "--network", "none", ...mount, name, ...program];
  const output = await run("sh", ["-c", '"$@" 2> /dev/null', "sh", ...command]);
  return output.trim().split("\n");
}

function joined<Name extends string>(lists: Readonly<Record<Name, readonly string[]>>): Record<Name, string> {
  const entries = Object.entries<readonly string[]>(lists).map(([name, words]) => [name, words.join(" ")]);
  return Object.fromEntries(entries) as Record<Name, string>;
}

function renderJson(file: object): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Renders the committed file with the settings that a version's image knows. */
export async function printedBy(version: string): Promise<string> {
  const lines = await readPrinted("airflow", version, "python", "/known/versions.py");
  const { sections, sensitive, readers, types, timezones, ...rest }: Printed = JSON.parse(lines.at(-1) ?? "");
  const file: KnownFile = {
    sections: joined(sections),
    sensitive: sensitive.join(" "),
    readers: joined(readers),
    types: joined(types),
    timezones: timezones.join(" "),
    ...rest,
  };
  return renderJson(file);
}

/** Renders the committed file with the settings that a server's image knows. */
export async function printedByServer(server: Server): Promise<string> {
  const lines = await readPrinted(server, undefined, "sh", `/known/${server}.sh`);
  const specified = lines.flatMap((line) => {
    const [, name, specification] = /^([^|]+)\|(.*?)\|*$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, specification]];
  });
  const libraries = lines.filter((line) => !line.includes("|"));
  const file: ServerFile = {
    settings: Object.fromEntries(specified),
    ...(libraries.length > 0 && { libraries: libraries.join(" ") }),
  };
  return renderJson(file);
}

if (import.meta.main) {
  await main(async () => {
    commandLine("settings");
    for (const version of builtVersions()) {
      const release = releaseOf(version);
      if (release === undefined)
        throw new Error(`${version} has a lock; expected its release in settings/schema/versions.ts.`);
      await ensureImages(["airflow"], version);
      writeFileSync(knownFile(release), await printedBy(version));
    }
    for (const server of Object.keys(servers) as Server[]) {
      await ensureImages([server]);
      writeFileSync(serverFile(server), await printedByServer(server));
    }
  });
}
