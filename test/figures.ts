import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { project } from "../tools/lib/process.ts";

/** Page with figures that a command measures and writes. */
export interface Page {
  /** Path below the project. */
  readonly page: string;
  readonly command: string;
}

const end = "<!-- end of figures -->";

/** Replaces the figures in the text of a page. */
export function withFigures(text: string, { page, command }: Page, figures: string): string {
  const begin = `<!-- figures, by ${command} -->`;
  const [before, rest] = text.split(begin);
  const [, ...after] = rest?.split(end) ?? [];
  if (before === undefined || after.length === 0)
    throw new Error(
      `${page} has no place for the figures of ${command}; expected the lines ${begin} and ${end}.`,
    );
  return `${before}${begin}\n\n${figures}\n\n${end}${after.join(end)}`;
}

/** Replaces the figures in the file of a page. */
export function writeFigures(page: Page, figures: string): void {
  const file = join(project, page.page);
  writeFileSync(file, withFigures(readFileSync(file, "utf8"), page, figures));
}
