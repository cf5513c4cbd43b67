import { isScalar, parseDocument } from "yaml";
import { prefix } from "../../../settings/read/unknownNames.ts";

/** Sets a key of a stack file, and keeps all else as it is, comments and layout included. */
function withValue(text: string, key: string, value: string): string {
  const path = ["config", `${prefix}${key}`];
  const document = parseDocument(text);
  const there = document.getIn(path, true);
  if (isScalar(there) && there.range) {
    const [start, end] = there.range;
    return text.slice(0, start) + value + text.slice(end);
  }
  document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

/** Names another version of Airflow in the text of a stack file. */
export function withVersion(text: string, version: string): string {
  return withValue(text, "version", version);
}
