import { fileShape } from "./stackFile.ts";
import { withoutIndent } from "./yaml/lineBreaks.ts";
import { located } from "./yaml/located.ts";

/** Renders YAML that all readers read alike: texts are quoted, in ASCII, and without white space before several lines. */
function unambiguous(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const unindented = (_: string, item: unknown) => (typeof item === "string" ? withoutIndent(item) : item);
  return `${JSON.stringify(value, unindented, 2).replace(/[\u007f-\ud7ff\ue000-\uffff]/g, escaped)}\n`;
}

/**
 * Rewrites the text of a stack file for the CLI, whose YAML reads 0600, 1_000 or 2024-01-01 in another way; `merged`
 * restores the texts of the file.
 * @param beside further keys beside `config`
 * @throws Error with file and line if the text is not YAML
 */
export function rewritten(text: string, file: string, beside: Readonly<Record<string, string>>): string {
  return unambiguous({ ...Object(located(text, file, fileShape()).content), ...beside });
}
