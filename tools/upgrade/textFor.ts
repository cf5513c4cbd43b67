import { parseDocument } from "yaml";
import type { Settings } from "../../settings/model/groups.ts";
import { prefix } from "../../settings/read/unknownNames.ts";
import type { ProvenDeployment } from "../lib/upgrade/deployments.ts";

/** Returns the text of a deployment's stack file, which names its images where this project would use others. */
export function textFor(
  { text, images }: Pick<ProvenDeployment, "text" | "images">,
  settings: Pick<Settings, "images">,
): string {
  const present: Readonly<Record<string, string>> = settings.images;
  const differing = Object.entries(images).filter(([name, image]) => present[name] !== image);
  if (differing.length === 0) return text;
  const document = parseDocument(text);
  for (const [name, image] of differing) document.setIn(["config", `${prefix}images`, name], image);
  // The packages are in the image already.
  if (differing.some(([name]) => name === "airflow"))
    for (const key of ["requirements", "systemPackages"]) document.deleteIn(["config", `${prefix}${key}`]);
  return document.toString({ lineWidth: 0 });
}
