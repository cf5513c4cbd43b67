import { isDeepStrictEqual } from "node:util";
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

/** Keys that say when secrets are replaced: an earlier value would replace them once more, and drop those that data needs. */
const rotation = ["secretGenerations", "previousSecrets"].map((key) => ["config", `${prefix}${key}`]);

/** Returns the text of an earlier stack file with the present replacement of secrets. */
export function withSecretsOf(present: string, text: string): string {
  const [now, document] = [parseDocument(present), parseDocument(text)];
  const valueIn = (of: typeof now, path: readonly string[]) => of.createNode(of.getIn(path)).toJSON();
  const differing = rotation.filter(
    (path) => !isDeepStrictEqual(valueIn(now, path), valueIn(document, path)),
  );
  if (differing.length === 0) return text;
  for (const path of differing) document.setIn(path, document.createNode(valueIn(now, path)));
  for (const path of rotation.filter((one) => !now.hasIn(one))) document.deleteIn(path);
  return document.toString({ lineWidth: 0 });
}
