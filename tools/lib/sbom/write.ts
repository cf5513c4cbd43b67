import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../../platforms/wholeFile.ts";
import { print } from "../commandLine/terminal.ts";
import { project, run } from "../process.ts";
import { bom, type Contents } from "./bom.ts";

const list = readFileSync(new URL("list.sh", import.meta.url), "utf8");

/** Asks an image for its packages, in a container without network and rights. */
async function contentsOf(image: string): Promise<Contents> {
  const rights = ["--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const text = await run("docker", ["run", "--rm", ...rights, "--entrypoint", "sh", image, "-c", list]);
  const id = await run("docker", ["image", "inspect", "--format", "{{.Id}}", image]);
  return { image, id: id.trim(), text };
}

/** Writes an SBOM of images that the Docker client's engine has, or can pull. */
export async function writeSbom(file: string, images: readonly string[]): Promise<void> {
  const all: Contents[] = [];
  for (const image of images) all.push(await contentsOf(image));
  const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  const document = bom(all, { version, serial: randomUUID(), at: new Date().toISOString() });
  writeWhole(file, `${JSON.stringify(document, undefined, 2)}\n`, 0o644);
  const packages = document.components.length - images.length;
  print(`  ${file}: ${packages} packages of ${images.length} images`);
}
