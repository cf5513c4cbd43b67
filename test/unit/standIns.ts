import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * Runs a function with stand-ins for programs first in the PATH.
 * @param scripts shell scripts by the name of the program
 * @param use receives the folder of the stand-ins, which is removed afterwards
 */
export async function withPrograms<T>(
  scripts: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "airflow-programs-"));
  const { PATH: path } = process.env;
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  process.env.PATH = folder + delimiter + path;
  try {
    return await use(folder);
  } finally {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  }
}
