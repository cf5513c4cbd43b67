import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file atomically and durably, so that no reader or crash leaves half of it; makes its folder if missing. */
export function writeWhole(file: string, content: string, mode?: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, content, { flush: true, ...(mode !== undefined && { mode }) });
  renameSync(fresh, file);
}
