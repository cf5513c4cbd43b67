import { parseDocument } from "yaml";
import type { Settings } from "../../settings/model/groups.ts";
import { prefix } from "../../settings/read/unknownNames.ts";
import type { Deployment } from "../lib/upgrade/deployments.ts";

/** Text of a deployment's stack file, with its images by name where this project would make others of it. */
export function textFor(
  { text, images }: Pick<Deployment, "text" | "images">,
  settings: Pick<Settings, "images">,
): string {
  const present: Readonly<Record<string, string>> = settings.images;
  const named = Object.entries(images).filter(([name, image]) => present[name] !== image);
  if (named.length === 0) return text;
  const document = parseDocument(text);
  for (const [name, image] of named) document.setIn(["config", `${prefix}images`, name], image);
  // The packages are in the image already.
  if (named.some(([name]) => name === "airflow"))
    for (const key of ["requirements", "systemPackages"]) document.deleteIn(["config", `${prefix}${key}`]);
  return document.toString({ lineWidth: 0 });
}
