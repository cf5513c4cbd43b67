import { readFileSync } from "node:fs";

/** Reads a text file; undefined if the file is not UTF-8, or has a NUL byte. */
export function textIn(file: string): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
    return text.includes("\0") ? undefined : text;
  } catch {
    return;
  }
}
