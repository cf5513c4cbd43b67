/** A text as part of a URL. Braces, which every client takes as they are, stay: rendered manifests have them as placeholders. */
export function inUrl(text: string): string {
  return encodeURIComponent(text).replaceAll("%7B", "{").replaceAll("%7D", "}");
}
