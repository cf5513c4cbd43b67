import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file whole or not at all: neither a reader nor a crash finds half of it. Its disk has it when this returns. Makes its folder. */
export function writeWhole(file: string, content: string, mode?: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, content, { flush: true, ...(mode !== undefined && { mode }) });
  renameSync(fresh, file);
}
