import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TextDocument } from "vscode-languageserver-textdocument";
import { getLanguageService, type LanguageService } from "yaml-language-server";
import { project } from "../../../tools/lib/process.ts";

/** First line of every stack file, which leads an editor to its schema. */
export const firstLine = "# yaml-language-server: $schema=schema.json\n";

const service: LanguageService = getLanguageService({
  schemaRequestService: (uri) => readFile(fileURLToPath(uri), "utf8"),
  workspaceContext: { resolveRelativePath: (path, resource) => new URL(path, resource).toString() },
});
service.configure({ validate: true, completion: true, hover: true });

let version = 0;

/** Opens a new version of the same file. */
function opened(text: string): TextDocument {
  version++;
  const uri = pathToFileURL(join(project, "stacks/Pulumi.unit.yaml")).toString();
  return TextDocument.create(uri, "yaml", version, text);
}

/** Errors that an editor with YAML's language server underlines in a stack file, with line numbers. */
export async function underlined(text: string): Promise<string[]> {
  const found = await service.doValidation(opened(text), false);
  return found.map(({ range, message }) => `${range.start.line + 1}: ${message}`);
}

/** Completions at the end of a text. */
export async function offered(text: string): Promise<string[]> {
  const document = opened(text);
  const { items } = await service.doComplete(document, document.positionAt(text.length), false);
  return items.map(({ label }) => label);
}

/** Hover text of the value at the end of a text. */
export async function explained(text: string): Promise<string> {
  const document = opened(text);
  const hover = await service.doHover(document, document.positionAt(text.length - 1));
  return JSON.stringify(hover?.contents ?? "");
}
