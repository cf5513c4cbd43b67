import { createHash } from "node:crypto";

/** Returns the SHA-256 of a content, in hexadecimal. */
export function contentHash(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
