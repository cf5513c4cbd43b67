import { stringify } from "yaml";
import { declared } from "../../../settings/read/declared.ts";
import { prefix } from "../../../settings/read/unknownNames.ts";

const mark = "# From here on written by npm run generate, from settings/schema/schema.ts.\n";

/**
 * Renders Pulumi.yaml, with all keys of a stack declared below the mark.
 * @throws Error if the text has no mark
 */
export function projectFile(text: string): string {
  const [head, rest] = text.split(mark);
  if (head === undefined || rest === undefined) throw new Error(`Pulumi.yaml has no mark; expected ${mark}`);
  const keys = Object.entries(declared()).map(([key, value]) => [`${prefix}${key}`, value]);
  const config = Object.fromEntries(keys);
  return head + mark + stringify({ config }, { lineWidth: 0, aliasDuplicateObjects: false });
}
