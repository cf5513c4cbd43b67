import { isScalar, parseDocument } from "yaml";
import { prefix } from "../../../settings/read/unknownNames.ts";

/** Names another version of Airflow in the text of a stack file, and keeps all else as it is, comments and layout included. */
export function withVersion(text: string, version: string): string {
  const path = ["config", `${prefix}version`];
  const document = parseDocument(text);
  const node = document.getIn(path, true);
  if (isScalar(node) && node.range) {
    const [start, end] = node.range;
    return text.slice(0, start) + version + text.slice(end);
  }
  document.setIn(path, version);
  return document.toString({ lineWidth: 0 });
}
