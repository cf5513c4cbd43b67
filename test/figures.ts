import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { project } from "../tools/lib/process.ts";

/** A page of docs/ with figures that a command measures and writes. */
export interface Page {
  readonly page: string;
  readonly command: string;
}

const end = "<!-- end of figures -->";

/** Replaces the figures in the text of a page. */
export function withFigures(text: string, { page, command }: Page, figures: string): string {
  const begin = `<!-- figures, by ${command} -->`;
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${page} has no place for the figures; expected the lines ${begin} and ${end}.`);
  return `${before}${begin}\n\n${figures}\n\n${end}${after}`;
}

export function writeFigures(page: Page, figures: string): void {
  const file = join(project, page.page);
  writeFileSync(file, withFigures(readFileSync(file, "utf8"), page, figures));
}
