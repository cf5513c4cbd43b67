/** Escapes a part of a URL, except braces: clients accept them; they are placeholders in manifests. */
export function inUrl(part: string): string {
  return encodeURIComponent(part).replaceAll("%7B", "{").replaceAll("%7D", "}");
}

/**
 * Decodes a part of a URL.
 * @param allowed message of the error
 * @throws Error if the part cannot be decoded
 */
export function unescaped(part: string, allowed: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error(allowed);
  }
}
