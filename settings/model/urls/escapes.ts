/** Escapes a part of a URL, except braces, which clients accept, and which mark placeholders in manifests. */
export function inUrl(part: string): string {
  return encodeURIComponent(part).replaceAll("%7B", "{").replaceAll("%7D", "}");
}

/**
 * Decodes an escaped part of a URL.
 * @param allowed message of the error if the part cannot be decoded
 * @throws Error with this message
 */
export function unescaped(part: string, allowed: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error(allowed);
  }
}
