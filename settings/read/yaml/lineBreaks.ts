/**
 * Removes the white space before a text of several lines. The CLI rewrites such texts as YAML blocks, and loses a line
 * break at their start, or refuses a tab there.
 */
export function withoutIndent(text: string): string {
  return /[\n\r\u0085\u2028\u2029]/.test(text) ? text.replace(/^[\s\u0085]+/, "") : text;
}
