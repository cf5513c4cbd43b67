import { cpSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { project, run } from "./process.ts";

/** Folders with files that the program reads beside its sources. */
const rooms = ["components", "images", "package", "platforms", "settings"];

/** True for folders, and for files that the program reads at run time. */
function isAsset(path: string): boolean {
  return statSync(path).isDirectory() ? !path.endsWith("__pycache__") : !/(\.ts|tsconfig\.json)$/.test(path);
}

/**
 * Compiles the component and its provider, since Node.js does not run TypeScript in `node_modules`.
 * @param to output folder, which is replaced
 */
export async function compile(to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  await run("tsc", ["--project", "package", "--outDir", to]);
  for (const room of rooms) cpSync(join(project, room), join(to, room), { recursive: true, filter: isAsset });
}
