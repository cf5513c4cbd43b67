import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Settings } from "../../settings/model/groups.ts";
import { readStackFile } from "../../settings/read/read.ts";
import { Refused } from "../../settings/read/yaml/refused.ts";
import type { Stack } from "../lib/stack.ts";

/**
 * Reads the settings from a new text of a stack file.
 * @throws Error with all faults, at their lines of the stack file
 */
export function settingsIn(stack: Stack, text: string): Settings {
  const folder = mkdtempSync(join(tmpdir(), "airflow-text-"));
  const file = join(folder, basename(stack.file));
  try {
    writeFileSync(file, text);
    return readStackFile(file);
  } catch (error) {
    if (error instanceof Refused) throw new Error(error.message.replaceAll(file, stack.file));
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
