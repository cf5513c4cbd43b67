import { renameSync, writeFileSync } from "node:fs";

/** Writes a file whole or not at all: neither a reader nor a crash finds half of it. Its disk has it when this returns. */
export function writeWhole(file: string, content: string, mode?: number): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, content, { flush: true, ...(mode !== undefined && { mode }) });
  renameSync(fresh, file);
}
