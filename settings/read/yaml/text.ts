import { readFileSync } from "node:fs";
import { Refused } from "./refused.ts";

/** Messages for files that cannot be read, by error code, with the fix. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist; expected a file",
  ENOTDIR: "does not exist; expected a file",
  EISDIR: "is a directory; expected a file",
  EACCES: "may not be read by this user; expected read permission: chmod u+r, or its owner",
  EPERM: "may not be read by this user; expected read permission: chmod u+r, or its owner",
  ELOOP: "is a link to itself; expected a file",
};

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Returns the number of the line with the first byte that is not UTF-8. */
function lineOfBadByte(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  return text.slice(0, text.indexOf("\uFFFD")).split("\n").length;
}

/**
 * Decodes UTF-8, with or without a byte order mark.
 * @param file name of the file, for the place of the fault
 * @throws Refused with file and line if the bytes are in another encoding
 */
function decoded(bytes: Buffer, file: string): string {
  const [first = 0, second = 0] = bytes;
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isWide) throw new Refused([`${file}:1: is in UTF-16; expected UTF-8: save it as UTF-8`]);
  try {
    return utf8.decode(bytes);
  } catch {
    const at = `${file}:${lineOfBadByte(bytes)}`;
    throw new Refused([`${at}: has a character in another encoding; expected UTF-8: save it as UTF-8`]);
  }
}

/**
 * Reads a text file.
 * @throws Refused with the file's name if it cannot be read, or is not in UTF-8
 */
export function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new Refused([`${file}:1: ${reasons[code] ?? `cannot be read (${code}); expected a file`}`]);
  }
  return decoded(bytes, file);
}
