/**
 * Removes white space at the start of a text of several lines. The CLI rewrites such texts as YAML blocks, in which it
 * loses a line break at the start, or rejects a tab there.
 */
export function withoutIndent(text: string): string {
  return /[\n\r\u0085\u2028\u2029]/.test(text) ? text.replace(/^[\s\u0085]+/, "") : text;
}
