/** A text as part of a URL. Braces, which every client takes as they are, stay: rendered manifests have them as placeholders. */
export function inUrl(part: string): string {
  return encodeURIComponent(part).replaceAll("%7B", "{").replaceAll("%7D", "}");
}

/**
 * A part of a URL as it is meant.
 * @param allowed what to say of one that means nothing
 */
export function unescaped(part: string, allowed: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error(allowed);
  }
}
